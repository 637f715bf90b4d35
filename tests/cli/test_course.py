"""Where the cells of a run stand."""

import pytest

from harness.cli.course import Course
from harness.execution.events import StageEntered, StepDone
from helpers.watched import BASE, FAILURE, Clock, planned, result

ONE, TWO, THREE = (planned("lora--x", seed) for seed in (1, 2, 3))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def course(clock):
    """Three trained cells and a base that had ended before."""
    found = Course(clock)
    found.planned([BASE, ONE, TWO, THREE], [result(BASE, 5)])
    return found


def half_trained(course, clock, one, seconds):
    """Half of a training that takes `seconds` from its first step on; loading takes 12 before it."""
    course.begin(one)
    course.take(one.cell.id, StageEntered("train"))
    clock.now += 12.0
    course.take(one.cell.id, StepDone(2, 100, 2.0, 40))
    clock.now += seconds
    return course.take(one.cell.id, StepDone(50, 100, 2.0, 1000))


def test_cells_wait_run_and_end(course, clock):
    assert (course.cells, course.ended, len(course.waiting)) == (4, 1, 3)
    running = half_trained(course, clock, ONE, 10.0)
    assert running.progression.fraction == pytest.approx(0.3)
    assert (course.cells, course.ended, len(course.waiting), len(course.running)) == (4, 1, 2, 1)
    assert course.end(result(ONE, 30)) is ONE
    assert course.end(result(TWO, 30)) is TWO  # another process ended it
    assert course.end(result(planned("lora--y", 9), 1)) is None
    assert (course.ended, len(course.waiting), len(course.running)) == (4, 1, 0)


def test_the_part_that_is_done_counts_what_runs(course, clock):
    before = course.share
    half_trained(course, clock, ONE, 10.0)
    assert course.share == pytest.approx(before + 0.3 / 3.4)  # the base is scored alone, 0.4 of a cell
    for one in (ONE, TWO, THREE):
        course.end(result(one, 30))
    assert course.share == pytest.approx(1.0)
    assert Course(clock).share == 0.0


def test_what_is_left_is_known_once_a_cell_tells(course, clock):
    assert course.left(clock()) is None
    half_trained(course, clock, ONE, 28.8)  # a hundredth of a cell a second, after twelve of loading
    left, whole = 70, 12 + 98.8
    assert course.left(clock()) == pytest.approx(left + 2 * whole)


def test_places_are_the_most_cells_that_ran_at_once(course, clock):
    course.begin(TWO)
    half_trained(course, clock, ONE, 28.8)
    course.end(result(TWO, 100))
    assert course.left(clock()) == pytest.approx(100)  # the third alone takes as long, beside what is left of the first


def test_nothing_is_left_when_all_have_ended(course, clock):
    for one in (ONE, TWO, THREE):
        course.begin(one)
        course.end(result(one, 30))
    assert course.left(clock()) is None


def test_another_phase_begins_anew(course, clock):
    half_trained(course, clock, ONE, 30.0)
    course.planned([TWO], [])
    assert (course.cells, course.share, course.left(clock())) == (1, 0.0, None)


def test_a_failure_says_nothing_of_how_long_others_take(course, clock):
    course.begin(ONE)
    course.end(FAILURE)
    assert course.left(clock()) is None
