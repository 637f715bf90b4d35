"""What a run shows: bars on a terminal, a line a stage elsewhere."""

import io
import itertools
import re
from dataclasses import replace

import pytest
from rich.console import Console
from rich.progress import Progress

from harness.cli.display import Lines, Progression, Screen, bars
from harness.execution.events import ItemsScored, StageEntered, StepDone
from harness.plan.cells import PlannedCell
from harness.records import Cell, CellFailure, Costs
from harness.spec.records import Recipe, Suite
from helpers.records import cell_result

CELL = Cell(id="lora--x--s1--0", recipe="lora--x", seed=1)
SUITES = {key: Suite(task=key, role="in_domain", metric="acc") for key in ("near", "far")}
PLANNED = PlannedCell(cell=CELL, recipe=Recipe(method="lora", name="x"), suites=SUITES)
RESULT = cell_result(CELL, costs=Costs(seconds={"train": 3.0, "evaluate": 1.0}))
FAILURE = CellFailure(cell=CELL, kind="out_of_memory", stage="train", message="no memory left")
MESSAGES = (
    StageEntered("train"),
    *(StepDone(n, 4, 2.5, 100 * n) for n in (1, 2, 3, 4)),
    StageEntered("evaluate near"),
    ItemsScored("near", 5, 10),
    StageEntered("evaluate far"),
    ItemsScored("far", 10, 10),
)


def play(watcher, outcome=RESULT):
    watcher.preparing(StageEntered("model"))
    watcher.planned("cells", [PLANNED, PLANNED], 1)
    watcher.cell(1, PLANNED)
    for message in MESSAGES:
        watcher.message(CELL.id, message)
    watcher.ended(outcome)


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=120, force_terminal=False)


def said(console):
    return console.file.getvalue()


def test_lines_name_every_stage_once(console):
    play(Lines(console))
    text = said(console)
    for words in ("preparing model", "2 cells (1 done before)", "cell 2 of 2: lora--x seed 1", "evaluate near"):
        assert text.count(words) == 1
    assert "step 4/4 loss 2.500" in text
    assert "done lora--x--s1--0 in 4 s" in text


def test_lines_call_trials_trials(console):
    lines = Lines(console)
    lines.planned("trials", [PLANNED], 0)
    lines.cell(0, PLANNED)
    assert "trial 1 of 1: lora--x" in said(console)


def test_a_failure_is_told_with_kind_stage_and_message(console):
    play(Lines(console), FAILURE)
    assert "failed lora--x--s1--0: out_of_memory while in train: no memory left" in said(console)


def test_lines_of_cells_that_run_at_once_say_whose_they_are(console):
    lines, other = Lines(console), replace(CELL, id="lora--x--s2--0", seed=2)
    lines.planned("cells", [PLANNED, replace(PLANNED, cell=other)], 0)
    lines.cell(0, PLANNED)
    lines.message(CELL.id, MESSAGES[4])
    lines.cell(1, replace(PLANNED, cell=other))
    lines.message(other.id, MESSAGES[4])
    assert "  step 4/4 loss 2.500" in said(console)
    assert "  lora--x seed 2: step 4/4 loss 2.500" in said(console)


def test_the_screen_has_a_bar_a_running_cell_and_leaves_a_line_each():
    console = Console(file=io.StringIO(), width=160, force_terminal=True)
    other = replace(CELL, id="lora--x--s2--0", seed=2)
    with Progress(console=console, auto_refresh=False) as progress:
        screen = Screen(progress)
        screen.planned("cells", [PLANNED, replace(PLANNED, cell=other)], 0)
        screen.cell(0, PLANNED)
        screen.cell(1, replace(PLANNED, cell=other))
        for message in MESSAGES:
            screen.message(CELL.id, message)
        screen.message(other.id, MESSAGES[2])
        everything, first, second = progress.tasks
        assert first.completed == pytest.approx(1.0)
        assert second.completed == pytest.approx(0.6 / 2)
        assert everything.completed == pytest.approx(1.3)
        screen.ended(RESULT)
        assert [task.description for task in progress.tasks] == ["cells", "lora--x seed 2"]
        assert everything.completed == 1
    assert "done lora--x--s1--0" in said(console)


def test_the_screen_starts_anew_when_cells_follow_trials():
    with Progress(console=Console(file=io.StringIO(), force_terminal=True), auto_refresh=False) as progress:
        screen = Screen(progress)
        screen.planned("trials", [PLANNED], 0)
        screen.cell(0, PLANNED)
        screen.ended(RESULT)
        screen.planned("cells", [PLANNED, PLANNED], 0)
        assert (progress.tasks[0].completed, progress.tasks[0].total) == (0, 2)


@pytest.mark.parametrize("suites", [0, 2])
def test_a_cell_is_whole_when_its_last_stage_is(suites):
    cell = Progression(suites, trains=True)
    for message in MESSAGES if suites else MESSAGES[:5]:
        cell.take(message)
    assert cell.fraction == pytest.approx(1.0)


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def shown(console, progress):
    """The lines of progress as they stand on the terminal now."""
    console.file.seek(0)
    console.file.truncate()
    console.print(progress.make_tasks_table(progress.tasks))
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 100, 200])
def test_bars_stand_still_whatever_is_said_beside_them(width):
    console = Console(file=io.StringIO(), width=width, color_system=None, force_terminal=False)
    progress = bars(console)
    everything = progress.add_task("cells", total=4.0, note="")
    now = progress.add_task("aletheia--50-compute-matched seed 12", total=1.0, note="")
    starts = set()
    for note in ("", "loading", "step 1200/1200  loss 12.345  123456 tokens/s", "techmanual_qa  10/4000 requests"):
        progress.update(everything, completed=1.0, note=note)
        progress.update(now, completed=0.4, note=note)
        lines = shown(console, progress)
        assert len(lines) == 2
        assert max(map(len, lines)) <= width
        starts |= {(line.index("━"), re.search(r"\d+:\d\d:\d\d", line).start()) for line in lines}
    assert len(starts) == 1


def test_time_left_runs_down_and_does_not_jump():
    console, clock = Console(file=io.StringIO(), width=100, color_system=None), Clock()
    progress = bars(console)
    progress.get_time = clock
    task = progress.add_task("cells", total=10.0, note="")
    left = []
    for second in range(600):
        clock.now = float(second)
        # cells of very different lengths: half of them take a fifth of the time of the others
        progress.update(task, completed=min(9.9, second // 60 + (0.9 if second % 60 > 10 else second % 60 / 60)))
        text = next((word for word in shown(console, progress)[0].split() if word.startswith("~")), None)
        if text is not None:
            minutes, seconds = text[1:].split(":")
            left.append(60 * int(minutes) + int(seconds))
    jumps = [abs(after - before) for before, after in itertools.pairwise(left)]
    assert left
    assert max(jumps) <= 0.05 * max(left)


def test_the_base_counts_as_the_part_that_is_scoring():
    base = PlannedCell(cell=CELL, recipe=None, suites=SUITES)
    console = Console(file=io.StringIO(), width=100)
    with Progress(console=console, auto_refresh=False) as progress:
        screen = Screen(progress)
        screen.planned("cells", [base, PLANNED], 0)
        assert progress.tasks[0].total == pytest.approx(1.4)
        screen.cell(0, base)
        screen.ended(RESULT)
        assert progress.tasks[0].completed == pytest.approx(0.4)
