"""How far a running cell is, how fast it reads, and its curve."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cli.progression import Progression, sparkline
from harness.execution.events import StageEntered, StepDone
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


def test_a_curve_that_falls_is_drawn_falling():
    assert sparkline([8, 7, 6, 5, 4, 3, 2, 1], 8) == "█▇▆▅▄▃▂▁"
    assert sparkline([8, 8, 1, 1], 2) == "█▁"
    assert sparkline([2, 1], 8, ascii_only=True) == "#_"
    assert not sparkline([], 8)


@given(st.lists(st.floats(0, 100), max_size=60), st.integers(1, 30))
def test_a_curve_fits_its_column(losses, width):
    assert len(sparkline(losses, width)) == min(width, len(losses))
