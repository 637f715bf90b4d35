"""Results and failures survive JSON, stay apart, and hold no NaN."""

import json

import pytest

from harness.ledger import outcomes
from harness.records import Cell, CellFailure, Evaluation
from helpers.records import cell_result, training

CELL = Cell(id="lora--x--s1--0a1b2c3d", recipe="lora--x", seed=1)


def evaluation(**changes):
    fields = {
        "task": "k8s_qa",
        "items": 3,
        "metrics": {"acc,none": 0.5},
        "results": "eval/k/results.json",
        "samples": "eval/k/samples.jsonl",
        "scorer": "shared-prompt",
        "seconds": 1.5,
    }
    return Evaluation(**{**fields, **changes})


@pytest.mark.parametrize(
    "outcome",
    [
        cell_result(CELL, train_info=training(), evaluations=(evaluation(),)),
        CellFailure(cell=CELL, kind="out_of_memory", stage="train", message="no room", details={"step": 3}),
    ],
    ids=["result", "failure"],
)
def test_an_outcome_survives_json(outcome):
    assert outcomes.from_json(json.loads(json.dumps(outcomes.to_json(outcome)))) == outcome


def test_status_tells_a_failure_from_a_result():
    failure = CellFailure(cell=CELL, kind="killed", stage="train", message="")
    assert outcomes.to_json(failure)["status"] == "failed"
    assert not any(isinstance(value, float) for value in outcomes.to_json(failure).values())


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_a_score_that_is_no_number_cannot_be_recorded(score):
    with pytest.raises(ValueError, match="finite"):
        evaluation(metrics={"acc,none": score})
