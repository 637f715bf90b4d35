"""Nothing is trained on what is scored: the check before a run, what it says and what it leaves alone."""

import json
from dataclasses import replace

import pytest

from harness.cli import main
from harness.contamination import Passage
from harness.errors import TaskError
from harness.ledger import RunFolder
from harness.preflight.contamination import all_training_passages, check_contamination, check_contamination_at_hand
from harness.preflight.unknown import Unknown
from harness.report.sections.marks import contamination_text
from harness.spec import load
from harness.spec.records import Data, EarlyStopping, Validation
from harness.suites.load import load_task

FACT = "the pump moves forty litres of water through the valve in a minute"
PUMPS = """task: pumps
custom_dataset: !function loader.load
output_type: multiple_choice
test_split: test
doc_to_text: "{{question}}?"
doc_to_choice: choices
doc_to_target: answer
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
metadata:
  version: 1.0
"""
LOADER = f"""from datasets import Dataset


def load(**metadata):
    asked = ["{FACT}", "another thing"]
    return {{"test": Dataset.from_list([{{"question": q, "choices": ["yes", "no"], "answer": 0}} for q in asked])}}
"""


def write_rows(folder, *rows):
    (folder / "rows.jsonl").write_text("\n".join(json.dumps({"prompt": p, "completion": c}) for p, c in rows))


@pytest.fixture
def leaky(tiny_spec):
    """Mix in a file whose second row says what the item of the suite `pumps` asks."""
    folder = tiny_spec.parent / "tasks" / "pumps"
    folder.mkdir()
    (folder / "pumps.yaml").write_text(PUMPS)
    (folder / "loader.py").write_text(LOADER)
    write_rows(tiny_spec.parent, ("What is it?", " A pump."), ("Know that", f" {FACT}."), *[("Be", " quiet.")] * 9)
    spec = json.loads(tiny_spec.read_text())
    spec["mix"] = [{"source": "jsonl", "path": "rows.jsonl", "share": 0.25}]
    spec["suites"].append({"task": "pumps", "role": "guard", "metric": "acc", "cluster": None})
    tiny_spec.write_text(json.dumps(spec))
    return tiny_spec


def declare_recall(spec):
    (spec.parent / "tasks" / "pumps" / "pumps.yaml").write_text(f"{PUMPS}  role: recall\n")


def rewrite_loader(spec, line):
    (spec.parent / "tasks" / "pumps" / "loader.py").write_text(f"def load(**metadata):\n    {line}\n")


def screened(spec):
    experiment = load(spec)
    suites = [load_task(suite.task, beside=spec.parent) for suite in experiment.suites]
    return check_contamination(all_training_passages(experiment), suites)


def test_a_run_that_would_train_on_an_item_stops_before_training(leaky, tmp_path, capsys):
    out = tmp_path / "runs" / "tiny"
    assert main(["run", str(leaky), "--out", str(out)]) == 64
    said = capsys.readouterr().err
    assert "1 training rows give away what is scored: pumps 1 of 2 items. Nothing was trained." in said
    assert f"training row 2 of mix[0] ({leaky.parent / 'rows.jsonl'}) shares 8 words with pumps item 1" in said
    assert "`role: recall`" in said
    assert not list(out.glob("cells/*"))


def test_a_plan_of_such_a_run_is_refused_too(leaky, capsys):
    assert main(["plan", str(leaky)]) == 64
    assert "mix[0]" in capsys.readouterr().err


def test_a_suite_declared_as_recall_is_exempt_and_the_figures_are_kept(leaky, tmp_path, capsys):
    declare_recall(leaky)
    out = tmp_path / "runs" / "tiny"
    assert main(["run", str(leaky), "--out", str(out), "--seeds", "1,2"]) == 0
    told = RunFolder(out).screening
    assert (told.rows, dict(told.items), told.exempt) == (23, {"sums": 20, "sums_far": 20}, ("pumps",))
    assert contamination_text(told) in " ".join(capsys.readouterr().out.split())


def test_the_first_pairs_are_shown_and_all_are_written_out(leaky, capfd):
    write_rows(leaky.parent, *[(str(n), f"{n} {FACT}") for n in range(1, 9)])
    with pytest.raises(TaskError) as refused:
        screened(leaky)
    said = str(refused.value)
    assert said.startswith("8 training rows give away")
    assert said.count("training row ") == 5
    assert "the first 5 of 8 pairs" in said
    assert capfd.readouterr().out.count("training row ") == 8


def test_a_row_is_counted_once_however_much_of_it_is_compared():
    rows = [Passage("1 of data (t)", "a", "a"), Passage("1 of data (t)", "b", "b"), Passage("2 of data (t)", "c", "c")]
    assert check_contamination(rows, []).rows == 2


def test_clean_rows_pass(leaky):
    write_rows(leaky.parent, ("a", "b"))
    assert screened(leaky).rows == 13


def test_what_is_not_at_hand_is_named_in_a_plan(leaky):
    declare_recall(leaky)
    rewrite_loader(leaky, 'raise ConnectionError("no route")')
    unknown = Unknown()
    told, missing = check_contamination_at_hand(load(leaky), unknown)
    assert set(told.items) == {"sums", "sums_far"}
    assert missing == ("pumps",)
    assert "cannot be reached" in unknown.reasons[0]


def test_a_plan_refuses_a_suite_that_is_at_hand_and_wrong(leaky, capsys):
    rewrite_loader(leaky, 'raise KeyError("no such column")')
    assert main(["plan", str(leaky)]) == 64
    assert "task pumps cannot be loaded: KeyError" in capsys.readouterr().err


def test_a_plan_refuses_training_rows_that_are_wrong(leaky, capsys):
    declare_recall(leaky)
    rows = leaky.parent / "rows.jsonl"
    rows.write_bytes(b'{"prompt": "a"}\n{"prompt": "a", "completion": "\xff"}\n')
    assert main(["plan", str(leaky)]) == 64
    said = capsys.readouterr().err
    assert f"{rows} lacks the columns of training rows; it has prompt." in said


def test_the_line_names_every_suite(leaky):
    declare_recall(leaky)
    assert contamination_text(screened(leaky)) == (
        "contamination: 23 training rows compared with 40 items of sums and sums_far: 0 given away; "
        "not pumps, declared as recall"
    )


def test_rows_that_decide_about_training_are_compared_too(leaky):
    experiment = load(leaky)
    other = Validation(data=Data(source="jsonl", path=str(leaky.parent / "rows.jsonl")))
    stopping = replace(experiment, mix=(), early_stopping=EarlyStopping(patience=1), validation=other)
    assert [row.id for row in all_training_passages(replace(experiment, mix=()))] == [
        f"{n} of data (sums)" for n in range(1, 13)
    ]
    assert all_training_passages(stopping)[-1].id == f"11 of validation ({leaky.parent / 'rows.jsonl'})"
    held_out = replace(stopping, validation=Validation(share=0.5))
    assert len(all_training_passages(held_out)) == 12
