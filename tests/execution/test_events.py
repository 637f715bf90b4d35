"""Events survive the line that carries them, and hold no number that is none."""

import pytest

from harness.errors import SpecError, UsageError
from harness.execution.events import Event, Refusal, StageEntered, StepDone, SuiteScored
from harness.records import Cell, CellFailure, Costs, Evaluation, Measurement
from helpers.records import cell_result, training

CELL = Cell(id="lora--x--s1--0a1b2c3d", recipe="lora--x", seed=1, model="tiny")
SCORED = Evaluation(task="t", items=1, metrics={"acc,none": 1.0}, results="r", samples="s", scorer="x", seconds=0.5)
BODIES = [
    StepDone(1, 2, 0.5, 7),
    StageEntered("evaluate sums"),
    SuiteScored("t--0", SCORED),
    Refusal("no such thing", 64),
    CellFailure(cell=CELL, kind="killed", stage="train", message="gone", details={"step": 3}),
    cell_result(
        CELL,
        train_info=training(
            measurements={"a": Measurement(name="a", passed=False, value=1.5, details={"x": [1, None]})}
        ),
        costs=Costs(seconds={"train": 1.0}),
        evaluations=(SCORED,),
    ),
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_an_event_survives_its_line(body):
    event = Event(unit="u", attempt=2, cell=CELL.id, body=body)
    line = event.line()
    assert line.count(b"\n") == 1
    assert Event.parse(line) == event


@pytest.mark.parametrize("line", [b"", b"{}", b"[]", b'{"event": "Nothing", "body": {}}', b"a warning"])
def test_a_line_that_is_not_an_event_is_refused(line):
    with pytest.raises(ValueError, match=r".*"):
        Event.parse(line)


def test_a_loss_that_is_not_a_number_is_not_carried():
    with pytest.raises(ValueError, match="JSON"):
        Event(unit="u", attempt=1, cell=None, body=StepDone(1, 2, float("nan"), 7)).line()


def test_a_refusal_keeps_the_exit_code_of_the_mistake():
    assert Refusal.of(UsageError("no")).error().exit_code == UsageError.exit_code
    assert str(Refusal.of(SpecError([])).error()) == ""
