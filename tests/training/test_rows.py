"""The rows of an experiment: its data, its mix by declared shares, and the rows that decide about training."""

import json
from dataclasses import replace

import pytest

from harness.errors import TaskError
from harness.spec.records import Data, EvaluationOptions, Validation
from harness.training.rows import check_disjoint, rows_sha256, training_rows, validation_rows


def jsonl(tmp_path, lines):
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return Data(source="jsonl", path=str(path))


def test_a_tasks_rows_are_its_prompt_and_its_right_answer(experiment, tokenizer):
    rows = training_rows(experiment, tokenizer)
    assert len(rows) == 12
    assert rows[3] == {"prompt": "3 + 1 =", "completion": " 4", "cluster": "c3"}


def test_a_mix_supplies_its_share_and_the_same_rows_every_time(experiment, tokenizer, tmp_path):
    other = replace(jsonl(tmp_path, [{"prompt": f"p{n}", "completion": "c"} for n in range(9)]), share=0.25)
    mixed = replace(experiment, mix=(other,))
    rows = training_rows(mixed, tokenizer)
    added = [row for row in rows if row["completion"] == "c"]
    assert (len(rows), len(added)) == (16, 4)
    assert rows_sha256(rows) == rows_sha256(training_rows(mixed, tokenizer))


def test_a_share_that_the_rows_do_not_suffice_for_is_refused(experiment, tokenizer, tmp_path):
    other = replace(jsonl(tmp_path, [{"prompt": "p", "completion": "c"}]), share=0.5)
    with pytest.raises(TaskError, match=r"mix\[0\] supplies 1 rows, its share asks for 12"):
        training_rows(replace(experiment, mix=(other,)), tokenizer)


def test_a_row_that_is_held_out_trains_nowhere_else(experiment, tokenizer, tmp_path):
    twice = [{"prompt": f"p{n % 6}", "completion": "c"} for n in range(12)]
    held = replace(experiment, data=jsonl(tmp_path, twice), validation=Validation(share=0.25))
    training, deciding = training_rows(held, tokenizer), validation_rows(held, tokenizer)
    assert training
    check_disjoint(training, deciding)


def test_rows_that_train_may_not_decide(experiment, tokenizer):
    rows = training_rows(experiment, tokenizer)
    other = {"prompt": "another", "completion": "c"}
    with pytest.raises(TaskError, match=r"1 of 2 validation rows are trained on, the first: '0 \+ 1 ='"):
        check_disjoint(rows, [other, rows[0]])


def test_deciding_rows_are_drawn_over_their_forms_or_are_the_first(experiment, tokenizer, tmp_path):
    rows = [{"prompt": f"p{n}", "completion": "c", "form": "name" if n < 30 else "type"} for n in range(40)]
    drawn = replace(experiment, validation=Validation(data=jsonl(tmp_path, rows), limit=8))
    decided = validation_rows(drawn, tokenizer)
    assert [row["form"] for row in decided] == ["name"] * 6 + ["type"] * 2
    assert decided == validation_rows(drawn, tokenizer)
    again = replace(drawn, evaluation=EvaluationOptions(limit_seed=5))
    assert decided != validation_rows(again, tokenizer)
    first = replace(drawn, evaluation=EvaluationOptions(limit_order="first"))
    assert [row["prompt"] for row in validation_rows(first, tokenizer)] == [f"p{n}" for n in range(8)]
