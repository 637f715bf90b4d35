"""Training rows: rendered by the task itself, from a file, or mixed by declared shares."""

import json
from dataclasses import replace

import pytest

from harness.errors import TaskError
from harness.sources import models
from harness.spec import load
from harness.spec.records import Data, Validation
from harness.training import data
from harness.training.probe import probe_batches


@pytest.fixture
def experiment(tiny_spec):
    return load(tiny_spec)


@pytest.fixture
def tokenizer(experiment):
    return models.tokenizer(experiment.model)


def jsonl(tmp_path, lines):
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return Data(source="jsonl", path=str(path))


def test_a_tasks_rows_are_its_prompt_and_its_right_answer(experiment, tokenizer):
    rows = data.rows(experiment, tokenizer)
    assert len(rows) == 12
    assert rows[3] == {"prompt": "3 + 1 =", "completion": " 4"}


def test_a_mix_supplies_its_share_and_the_same_rows_every_time(experiment, tokenizer, tmp_path):
    other = replace(jsonl(tmp_path, [{"prompt": f"p{n}", "completion": "c"} for n in range(9)]), share=0.25)
    mixed = replace(experiment, mix=(other,))
    rows = data.rows(mixed, tokenizer)
    added = [row for row in rows if row["completion"] == "c"]
    assert (len(rows), len(added)) == (16, 4)
    assert data.sha256(rows) == data.sha256(data.rows(mixed, tokenizer))


def test_a_share_that_the_rows_do_not_suffice_for_is_refused(experiment, tokenizer, tmp_path):
    other = replace(jsonl(tmp_path, [{"prompt": "p", "completion": "c"}]), share=0.5)
    with pytest.raises(TaskError, match=r"mix\[0\] supplies 1 rows, its share asks for 12"):
        data.rows(replace(experiment, mix=(other,)), tokenizer)


def test_every_wrong_line_of_a_file_is_named(experiment, tokenizer, tmp_path):
    lines = [{"prompt": "p", "completion": "c"}, "{broken", {"prompt": "p"}, {"prompt": 1, "completion": "c"}]
    with pytest.raises(TaskError) as refused:
        data.rows(replace(experiment, data=jsonl(tmp_path, lines)), tokenizer)
    assert [line.split(":")[1] for line in str(refused.value).splitlines()] == ["2", "3", "4"]


def test_a_sign_that_ends_lines_elsewhere_ends_no_row(experiment, tokenizer, tmp_path):
    source = jsonl(tmp_path, ['{"prompt": "a\u2028b", "completion": " 1"}'])
    (row,) = data.rows(replace(experiment, data=source), tokenizer)
    assert row["prompt"] == "a\u2028b"


def test_an_empty_file_is_refused(experiment, tokenizer, tmp_path):
    with pytest.raises(TaskError, match="no training rows"):
        data.rows(replace(experiment, data=jsonl(tmp_path, [])), tokenizer)


def test_a_row_that_is_held_out_trains_nowhere_else(experiment, tokenizer, tmp_path):
    twice = [{"prompt": f"p{n % 6}", "completion": "c"} for n in range(12)]
    held = replace(experiment, data=jsonl(tmp_path, twice), validation=Validation(share=0.25))
    training, deciding = data.rows(held, tokenizer), data.validation_rows(held, tokenizer)
    assert training
    data.refuse_shared(training, deciding)


def test_rows_that_train_may_not_decide(experiment, tokenizer):
    rows = data.rows(experiment, tokenizer)
    other = {"prompt": "another", "completion": "c"}
    with pytest.raises(TaskError, match=r"1 of 2 validation rows are trained on, the first: '0 \+ 1 ='"):
        data.refuse_shared(rows, [other, rows[0]])


def test_probe_batches_label_completions_only_and_repeat(experiment, tokenizer):
    rows = data.rows(experiment, tokenizer)
    start = probe_batches(rows, tokenizer, {"per_device_train_batch_size": 4, "max_length": 64}, seed=3)
    first, second = list(start()), list(start())
    assert [batch["input_ids"].tolist() for batch in first] == [batch["input_ids"].tolist() for batch in second]
    assert [len(batch["input_ids"]) for batch in first] == [4, 4, 4]
    for batch in first:
        labelled = batch["labels"] != -100
        assert (batch["labels"][labelled] == batch["input_ids"][labelled]).all()
        answers = tokenizer.batch_decode([row[mask] for row, mask in zip(batch["labels"], labelled, strict=True)])
        assert all(answer.endswith("<eos>") and answer.strip(" <eos>").isdigit() for answer in answers)
