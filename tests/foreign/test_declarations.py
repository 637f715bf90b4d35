"""What a spec and a recipe say to a third party's plug-ins is checked before anything of theirs is imported."""

import json
import subprocess
import sys

import pytest

from harness.plan.cells import plan_cells
from harness.spec import load
from helpers import foreign
from helpers.contents import CONTENT

VALIDATE = """
import sys
from harness.cli import main
code = main(["validate", *sys.argv[1:]])
print(code, [name for name in sys.modules if name.startswith("harness_tiny_plugins")])
"""


@pytest.fixture
def write(tiny_spec):
    """Change the stand-in experiment and its adapter; one key a line, so that a line names one."""

    def written(*, recipe=None, **changes):
        spec = json.loads(tiny_spec.read_text()) | changes
        tiny_spec.write_text(json.dumps(spec, indent=1))
        adapter = tiny_spec.parent / "adapters" / "lora--tiny.json"
        adapter.write_text(json.dumps(recipe or json.loads(adapter.read_text()), indent=1))
        return tiny_spec

    return written


def validate(*files):
    """Run `harness validate` in a process of its own, and return what it prints."""
    done = subprocess.run([sys.executable, "-c", VALIDATE, *files], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout.splitlines()


GAINS = {"gains": {"module": "mlp.down_proj"}, "layers": {"strategy": "outermost", "count": 1}}
TABLE = {"source": "table", "options": {"path": "sums.csv", "asks": "q", "answers": "a"}}
DRIFT = {"name": "drift", "options": {"every": 2}}
WRAPPED = {"kind": "wrapped", "options": {"command": ["nice"]}}


def test_sound_options_are_accepted_and_nothing_is_imported(write):
    spec = write(recipe=GAINS, data=TABLE, diagnostics=[DRIFT, "drift"], execute=WRAPPED)
    assert validate(spec) == [f"{spec}: ok (experiment)", "0 []"]


@pytest.mark.parametrize(
    ("changes", "file", "path", "words"),
    [
        ({"recipe": GAINS | {"gains": {"modul": "x"}}}, "adapters/lora--tiny.json", "$.gains.modul", "`module`"),
        (
            {"recipe": GAINS | {"layers": {"strategy": "outermost", "count": 1, "options": {"first": "inptu"}}}},
            "adapters/lora--tiny.json",
            "$.layers.options.first",
            "`input`",
        ),
        ({"data": TABLE | {"options": TABLE["options"] | {"asks": 1}}}, "tiny.json", "$.data.options.asks", "a text"),
        ({"diagnostics": [DRIFT | {"options": {"every": 0}}]}, "tiny.json", "$.diagnostics[0].options.every", "range"),
        ({"execute": WRAPPED | {"options": {"command": "nice"}}}, "tiny.json", "$.execute.options.command", "a list"),
    ],
    ids=["method", "layer strategy", "data source", "diagnostic", "executor"],
)
def test_a_wrong_option_is_named_with_its_place_and_nothing_is_imported(write, changes, file, path, words):
    spec = write(**changes)
    *problems, last = validate(spec)
    assert last == "64 []"
    (problem,) = [each for each in problems if f": {path}: " in each]
    place, _, message = problem.partition(f": {path}: ")
    named, _, line = place.rpartition(":")
    assert str(spec.parent / named).endswith(file)
    key = path.rpartition(".")[2]
    assert f'"{key}"' in (spec.parent / file).read_text().splitlines()[int(line) - 1]
    assert words in message


@pytest.fixture
def ids(write, tmp_path):
    """Return the ids of an experiment's trained cells where the package has a version."""

    def planned(version, **changes):
        spec = write(**changes)
        with foreign.installed(foreign.install(tmp_path / version, version=version)):
            return {each.cell.recipe: each.cell.id for each in plan_cells(load(spec), CONTENT) if each.recipe}

    return planned


@pytest.mark.parametrize(
    ("changes", "changed"),
    [
        ({"recipe": {"gains": {"module": "mlp.down_proj"}}}, {"lora--tiny"}),
        ({"recipe": {"layers": {"strategy": "outermost", "count": 1}}}, {"lora--tiny"}),
        ({"data": TABLE}, {"full--default", "lora--tiny"}),
        ({"diagnostics": ["drift"], "execute": WRAPPED}, set()),
    ],
    ids=["method", "layer strategy", "data source", "diagnostic and executor"],
)
def test_a_version_is_part_of_what_a_cell_is_where_its_numbers_come_from_it(ids, changes, changed):
    before, after = ids("1.0", **changes), ids("2.0", **changes)
    assert {recipe for recipe in before if before[recipe] != after[recipe]} == changed
