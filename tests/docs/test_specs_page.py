"""docs/specs.md: every experiment shown loads, every field is explained, every command line shown is accepted."""

import re
import shlex
from pathlib import Path

import pytest

from harness.cli import main
from harness.spec import load_any
from harness.spec.document import COMMENT
from harness.spec.schema import bundled

TEXT = (Path(__file__).parents[2] / "docs" / "specs.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^```json\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"^\$ harness run (.*)$", TEXT, re.MULTILINE)
SECTIONS = {
    "arms": "arm",
    "models": "of_model",
    "suites": "suite",
    "controls": "control",
    **{name: name for name in ("validation", "early_stopping", "tune", "evaluation", "comparison", "merge")},
}


@pytest.mark.parametrize("number", range(len(SHOWN)))
def test_an_experiment_shown_loads(tmp_path, number):
    path = tmp_path / f"shown-{number}.json"
    path.write_text(SHOWN[number], encoding="utf-8")
    assert load_any(path).description


@pytest.mark.parametrize("command", COMMANDS)
def test_the_options_shown_are_accepted(command):
    assert main(["validate", *shlex.split(command)]) == 0


def test_something_is_shown():
    assert SHOWN
    assert COMMANDS


def test_every_field_of_an_experiment_is_explained():
    top = section("Fields")
    assert explained(top) == set(bundled("experiment")["properties"]) - {"$schema", COMMENT}


@pytest.mark.parametrize(("heading", "definition"), SECTIONS.items())
def test_every_field_of_a_part_is_explained(heading, definition):
    assert explained(section(f"`{heading}`")) == set(bundled("experiment")["$defs"][definition]["properties"]) - {
        COMMENT
    }


@pytest.mark.parametrize("kind", ["model", "data"])
def test_every_source_and_its_fields_are_explained(kind):
    words = set(re.findall(r"`(\w+)`", section(f"`{kind}`"))) | {"source", "share"}
    definitions = bundled("experiment")["$defs"]
    kinds = {name.removeprefix(f"{kind}_"): value for name, value in definitions.items() if name.startswith(f"{kind}_")}
    assert set(kinds) - {"plugin"} <= words  # which goes by its own name
    assert set().union(*(value["properties"] for value in kinds.values())) - {COMMENT} <= words


def section(heading):
    """Return the text below a heading, up to the next heading of any level."""
    return re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", TEXT, re.MULTILINE | re.DOTALL)[1]


def explained(text):
    return set(re.findall(r"^\| `(\w+)`", text, re.MULTILINE))
