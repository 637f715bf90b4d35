"""How far a running cell is, how fast it reads, and its curve."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cli.progression import Progression, sparkline
from harness.execution.events import ItemsScored, StageEntered, StepDone
from helpers.watched import MESSAGES, Clock


@pytest.mark.parametrize("suites", [0, 2])
def test_a_cell_is_whole_when_its_last_stage_is(suites):
    cell = Progression(suites, trains=True)
    for message in MESSAGES if suites else MESSAGES[:5]:
        cell.take(message)
    assert cell.fraction == pytest.approx(1.0)


def test_speed_is_that_of_the_last_steps():
    clock = Clock()
    cell = Progression(1, trains=True, clock=clock)
    cell.take(StageEntered("train"))
    assert cell.tokens_per_second is None
    for step in range(1, 101):
        clock.now += 10.0 if step <= 50 else 0.1
        cell.take(StepDone(step, 100, 1.0, 50 * step))
    assert cell.tokens_per_second == pytest.approx(500)
    cell.take(StageEntered("evaluate near"))
    assert cell.tokens_per_second is None


def test_what_comes_before_the_first_step_is_not_its_speed():
    clock = Clock()
    cell = Progression(1, trains=True, clock=clock)
    cell.take(StageEntered("train"))
    assert cell.whole(0.0) is None
    for step in range(1, 41):
        clock.now += 60.0 if step == 1 else 1.0
        cell.take(StepDone(step, 40, 1.0, step))
        assert (cell.whole(0.0) is None) == (step < 3)
    # a minute to the first step, then a fortieth of the training, which is 0.6 of the cell, a second
    assert cell.whole(0.0) == pytest.approx(60 + 39 + 0.4 / (0.6 / 40))
    assert cell.whole(50.0) == pytest.approx(cell.whole(0.0) - 50)
    cell.take(StageEntered("evaluate near"))
    clock.now += 10.0
    cell.take(ItemsScored("near", 5, 10))
    assert clock.now < cell.whole(0.0) < 60 + 39 + 20 + 10


def test_a_second_stage_goes_on_where_the_first_ended():
    clock = Clock()
    cell = Progression(1, trains=True, clock=clock)
    done = []
    for stage in (1, 2):
        cell.take(StageEntered("train"))
        for step in range(1, 41):
            clock.now += 1.0
            cell.take(StepDone(step, 40, 1.0, 10 * step, stage=stage, stages=2))
            done.append(cell.fraction)
    assert done == pytest.approx([0.6 * made / 80 for made in range(1, 81)])
    assert cell.whole(0.0) == pytest.approx(80 / 0.6)  # a second a step, as from the first step on
    assert cell.words == "stage 2/2  step 40/40  loss 1.000  10 tok/s"


def test_a_curve_that_falls_is_drawn_falling():
    assert sparkline([8, 7, 6, 5, 4, 3, 2, 1], 8) == "█▇▆▅▄▃▂▁"
    assert sparkline([8, 8, 1, 1], 2) == "█▁"
    assert sparkline([2, 1], 8, ascii_only=True) == "#_"
    assert not sparkline([], 8)


@given(st.lists(st.floats(0, 100), max_size=60), st.integers(1, 30))
def test_a_curve_fits_its_column(losses, width):
    assert len(sparkline(losses, width)) == min(width, len(losses))
