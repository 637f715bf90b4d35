"""The live view: one bar of all cells, a line for each that runs, in the terminal's own columns and lines."""

import io
import re

import pytest
from rich.console import Console

from harness.cli.live import Screen
from harness.execution.events import StageEntered, StepDone
from helpers.watched import BASE, CELL, FAILURE, LOOKS, PLANNED, Clock, planned, play, result

GRID = [
    BASE,
    *(planned(recipe, seed) for seed in range(1, 26) for recipe in ("lora--a", "full--b", "dora--c", "ia3--d")),
]


@pytest.fixture
def clock():
    return Clock()


def drawn(screen, width=80, height=24, encoding="utf-8"):
    """The lines of the view as they would stand on a terminal now."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    console = Console(file=stream, width=width, height=height, color_system=None, force_terminal=False)
    console.print(screen)
    stream.flush()
    return raw.getvalue().decode(encoding).splitlines()


def screen_of(clock, console=None):
    return Screen(console or Console(file=io.StringIO(), width=200, color_system=None), clock)


def train(screen, clock, one, *, steps, of=100):
    """Let a cell make steps, one a second."""
    screen.message(one.cell.id, StageEntered("train"))
    for step in range(1, steps + 1):
        clock.now += 1.0
        screen.message(one.cell.id, StepDone(step, of, 3.0 - step / of, 50 * step))


def test_what_is_prepared_stands_in_the_one_line_there_is(clock):
    screen = screen_of(clock)
    screen.preparing(StageEntered("the rows"))
    (line,) = drawn(screen)
    assert line.startswith("preparing")
    assert "the rows" in line


def test_a_running_cell_has_its_curve_part_step_loss_and_speed(clock):
    screen = screen_of(clock)
    screen.planned("cells", [PLANNED], [])
    screen.cell(0, PLANNED)
    train(screen, clock, PLANNED, steps=50)
    line, everything = drawn(screen)
    assert re.fullmatch(r"lora--x seed 1 +█[█▁-▇]{8}▁  30% step 50/100  loss 2.500  50 tok/s *", line)
    assert re.fullmatch(r"cells +━{6} +30%  0 of 1 done +0:50  ~1:57 left", everything)


@pytest.mark.parametrize("height", [6, 24, 200])
@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("running", [1, 3, 100])
def test_it_fits_the_terminal_with_few_cells_and_with_many(clock, width, height, running):
    screen = screen_of(clock)
    screen.planned("cells", GRID, [result(BASE)])
    for place, one in enumerate(GRID[1 : running + 1], 1):
        screen.cell(place, one)
        train(screen, clock, one, steps=3)
    screen.looked(LOOKS)
    lines = drawn(screen, width, height)
    assert max(map(len, lines)) <= width
    assert len(lines) <= height - 1
    assert lines[-1].startswith("cells")
    assert "1 of 101 done" in lines[-1]
    assert "look 1 of 2: 1 persists, 1 inconclusive" in lines[-2]
    shown = sum("step 3/100" in line for line in lines)
    left = next((int(found[1]) for line in lines if (found := re.search(r"and (\d+) more that run", line))), 0)
    assert shown + left == running


def test_columns_stand_still_whatever_is_said_in_them(clock):
    screen, one = screen_of(clock), planned("aletheia--50-compute-matched", 12)
    screen.planned("cells", [one], [])
    screen.cell(0, one)
    starts = set()
    for words in ("load", "train", "evaluate a_task_with_a_name_as_long_as_this_line_of_a_terminal_is_wide"):
        screen.message(one.cell.id, StageEntered(words))
        line, everything = drawn(screen)
        starts.add((line.index("%"), everything.index("%"), everything.index("0:00")))
        assert line.startswith("aletheia--50-co… s12")
    assert len(starts) == 1


def test_time_left_comes_from_measured_cells_an_earlier_start_included(clock):
    screen = screen_of(clock)
    screen.planned("cells", GRID, [result(BASE, 5.0), *(result(one, 60.0) for one in GRID[1:51])])
    assert "51 of 101 done" in drawn(screen)[0]
    assert "~50:00 left" in drawn(screen)[0]
    clock.now = 10.0
    screen.ended(result(GRID[51], 60.0))  # by another process
    assert "52 of 101 done" in drawn(screen)[0]
    assert screen_left(drawn(screen)[0]) in range(49 * 60 - 10, 50 * 60)


def screen_left(line):
    minutes, seconds = re.search(r"~(\d+):(\d\d) left", line).groups()
    return 60 * int(minutes) + int(seconds)


def test_results_and_failures_are_left_above_and_failures_are_counted_in_sight(clock):
    console = Console(file=io.StringIO(), width=60, color_system=None)
    screen = screen_of(clock, console)
    play(screen)
    play(screen, FAILURE)
    screen.looked(LOOKS)
    text = console.file.getvalue()
    assert "  done lora--x--s1--0 in 4 s: near 0.500  far 0.250\n" in text
    assert "  failed lora--x--s1--0: out_of_memory while in train: no\n      memory left\n" in text
    assert "  lora--x, near → far: persists\n" in text
    assert "failed: 1 out_of_memory" in drawn(screen)


def test_it_starts_anew_when_cells_follow_trials(clock):
    screen = screen_of(clock)
    screen.planned("trials", [PLANNED], [])
    screen.cell(0, PLANNED)
    assert drawn(screen)[-1].startswith("trials")
    screen.ended(FAILURE)
    screen.planned("cells", [BASE, PLANNED], [])
    (line,) = drawn(screen)
    assert line.startswith("cells")
    assert "  0%  0 of 2 done" in line


def test_the_base_counts_as_the_part_that_is_scoring(clock):
    screen = screen_of(clock)
    screen.planned("cells", [BASE, PLANNED], [])
    screen.cell(0, BASE)
    screen.ended(result(BASE))
    assert f"{int(100 * 0.4 / 1.4):3}%  1 of 2 done" in drawn(screen)[0]


def test_a_terminal_without_unicode_has_bars_of_its_own(clock):
    screen = screen_of(clock)
    screen.planned("cells", [PLANNED], [])
    screen.cell(0, PLANNED)
    train(screen, clock, PLANNED, steps=50)
    line, everything = drawn(screen, encoding="ascii")
    assert re.search(r" #[#%*+=.-]+_ ", line)
    assert everything.isascii()


def test_a_name_that_steers_is_written_out(clock):
    console = Console(file=io.StringIO(), width=200, color_system=None)
    screen = screen_of(clock, console)
    screen.planned("cells", [PLANNED], [])
    screen.cell(0, PLANNED)
    screen.message(CELL.id, StageEntered("evaluate \x1b[2J"))
    assert "\\u001b[2J" in drawn(screen)[0]
    assert "\x1b" not in drawn(screen)[0]
