"""What an experiment's numbers come from: each thing that changes a score changes a digest, and nothing else does."""

import json
import shutil
from dataclasses import replace

import pytest

from harness.spec import load
from harness.spec.records import Control
from helpers.prepared import content

YAML = """task: asked
include: shared.inc
custom_dataset: !function loader.load
output_type: multiple_choice
test_split: test
doc_to_choice: choices
doc_to_target: answer
process_results: !function scores.scored
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
metadata: {version: 1.0}
"""
LOADER = """import json
from pathlib import Path

from datasets import Dataset


def load(**metadata):
    return {"test": Dataset.from_list(json.loads(Path(__file__).with_name("q.json").read_text()))}
"""
SCORES = """def scored(doc, results):
    best = max(range(len(results)), key=lambda k: results[k][0])
    return {"acc": float(best == doc["answer"])}
"""
QUESTIONS = [{"question": f"{n} + 1", "choices": [str(n + 1), str(n)], "answer": 0} for n in range(6)]


@pytest.fixture
def spec(tiny_spec):
    """The tiny experiment, scored on a task whose every part is a file of its own."""
    folder = tiny_spec.parent / "tasks" / "asked"
    folder.mkdir()
    for name, text in {
        "asked.yaml": YAML,
        "shared.inc": 'doc_to_text: "{{question}} ="\n',
        "loader.py": LOADER,
        "scores.py": SCORES,
        "q.json": json.dumps(QUESTIONS),
    }.items():
        (folder / name).write_text(text)
    declared = json.loads(tiny_spec.read_text())
    declared["suites"] = [{"task": "asked", "role": "in_domain", "metric": "acc"}]
    tiny_spec.write_text(json.dumps(declared))
    return tiny_spec


def digests(spec, controls=(), **evaluation):
    experiment = load(spec)
    experiment = replace(
        experiment,
        evaluation=replace(experiment.evaluation, **evaluation),
        controls=tuple(Control(num_fewshot=k) for k in controls),
    )
    return content(experiment)


def edit(spec, name, old, new):
    file = spec.parent / "tasks" / "asked" / name
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("shared.inc", "=", "is"),
        ("q.json", '"answer": 0', '"answer": 1'),
        ("q.json", '["1", "0"]', '["0", "1"]'),
        ("loader.py", "Dataset.from_list(", "Dataset.from_list(2 * "),
        ("scores.py", "max(", "min("),
        (
            "asked.yaml",
            "doc_to_choice: choices",
            'doc_to_choice: "{{choices[:1] + choices[1:]}}"\ntarget_delimiter: ""',
        ),
        ("asked.yaml", "aggregation: mean", "aggregation: nanmean"),
    ],
)
def test_what_changes_a_score_changes_the_suites_digest(spec, name, old, new):
    before = digests(spec)
    edit(spec, name, old, new)
    after = digests(spec)
    assert after.suites["asked"] != before.suites["asked"]
    assert after.rows == before.rows


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("asked.yaml", "metadata:", "# a remark\nmetadata:"),
        ("asked.yaml", "version: 1.0", "version: 2.0"),
        ("scores.py", "def scored", "# a remark\ndef scored"),
        ("scores.py", "    return {", '    """Say how well."""\n    return {'),
        ("scores.py", "    return {", "    return  {"),
        ("loader.py", "import json", "import json  # a remark"),
    ],
)
def test_what_changes_no_score_changes_no_digest(spec, name, old, new):
    before = digests(spec)
    edit(spec, name, old, new)
    assert digests(spec) == before


def test_a_moved_folder_changes_nothing(spec):
    before = digests(spec)
    folder = spec.parent / "tasks" / "asked"
    shutil.move(folder, folder.with_name("elsewhere"))
    shutil.move(folder.with_name("elsewhere") / "asked.yaml", folder.with_name("elsewhere") / "other.yaml")
    assert digests(spec) == before


def test_shots_limits_and_the_chat_template_show_in_the_requests(spec):
    declared = json.loads(spec.read_text())
    before = digests(spec)
    assert digests(spec, limit=3).suites != before.suites
    assert digests(spec, limit=6).suites == before.suites
    declared["suites"][0]["num_fewshot"] = 1
    edit(spec, "asked.yaml", "test_split: test", "test_split: test\nfewshot_split: test")
    spec.write_text(json.dumps(declared))
    assert digests(spec).suites != before.suites


def test_the_training_rows_count_by_what_they_say(spec):
    before = digests(spec)
    loader = spec.parent / "tasks" / "sums" / "loader.py"
    loader.write_text("# a remark\n" + loader.read_text())
    assert digests(spec) == before
    loader.write_text(loader.read_text().replace("range(start", "range(1 + start"))
    assert digests(spec).rows != before.rows


@pytest.mark.parametrize("controls", [(1, 3), (3, 1)])
def test_a_control_has_digests_of_its_own_and_leaves_the_suites_as_they_were(tiny_spec, controls):
    plain, controlled = digests(tiny_spec), digests(tiny_spec, controls)
    assert controlled.suites == plain.suites
    assert set(controlled.controls) == {f"{task}, {k}-shot" for task in ("sums", "sums_far") for k in controls}
    assert len({*controlled.controls.values(), *plain.suites.values()}) == 6
    assert controlled.controls == digests(tiny_spec, controls[::-1]).controls
