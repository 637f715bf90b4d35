"""How long a run still takes, from the cells that were measured."""

import itertools

import pytest

from harness.cli.pace import Countdown, Pace, Underway, clock_words
from helpers.watched import BASE, FAILURE, planned, result

FAST, SLOW, NEW = (planned(recipe, 2) for recipe in ("lora--fast", "full--slow", "dora--new"))


@pytest.fixture
def pace():
    found = Pace()
    for one, seconds in ((planned("lora--fast", 1), 10), (planned("full--slow", 1), 90), (BASE, 5)):
        found.measured(result(one, seconds))
    found.measured(FAILURE)
    return found


@pytest.mark.parametrize(
    ("waiting", "places", "seconds"),
    [
        ([FAST, SLOW], 1, 100),
        ([FAST, SLOW], 2, 90),
        ([NEW], 1, 50),
        ([FAST] * 10, 4, 25),
        ([BASE, FAST], 1, 15),
        ([], 1, 0),
    ],
)
def test_a_cell_takes_what_its_recipe_took_else_the_mean(pace, waiting, places, seconds):
    assert pace.left(waiting, [], places) == pytest.approx(seconds)


def test_what_is_done_of_a_running_cell_does_not_count(pace):
    assert pace.left([], [Underway(SLOW, 40.0, 0.5, 70.0)], 1) == pytest.approx(45)
    assert pace.left([], [Underway(NEW, 40.0, 0.5, 70.0)], 1) == pytest.approx(30)
    assert pace.left([], [Underway(NEW, 80.0, 0.5, 70.0)], 1) == 0.0
    assert pace.left([], [Underway(NEW, 40.0, 0.5, None)], 1) == pytest.approx(25)  # as all that train did


def test_without_a_measured_cell_those_that_train_tell():
    pace = Pace()
    assert pace.left([SLOW], [], 1) is None
    assert pace.left([SLOW], [Underway(FAST, 1.0, 0.01, None)], 1) is None
    assert pace.left([SLOW], [Underway(FAST, 10.0, 0.5, 20.0)], 1) == pytest.approx(10 + 20)
    pace.measured(result(BASE, 5))
    assert pace.left([SLOW], [], 1) is None


def test_what_is_shown_runs_down_and_does_not_jump():
    countdown = Countdown()
    # the estimate swings between two that differ by half, as cells of different lengths end
    estimates = ((600 - second) * (1.5 if second // 60 % 2 else 1.0) for second in range(600))
    left = [countdown.at(float(second), estimate) for second, estimate in enumerate(estimates)]
    jumps = [abs(after - before) for before, after in itertools.pairwise(left)]
    assert max(jumps) <= 0.03 * max(left)
    assert countdown.at(601.0, None) is None
    assert countdown.at(602.0, 7.0) == 7.0


@pytest.mark.parametrize(("seconds", "words"), [(0, "0:00"), (59.6, "1:00"), (3599, "59:59"), (3600, "1:00:00")])
def test_a_time_is_written_as_clocks_do(seconds, words):
    assert clock_words(seconds) == words
