"""What a run shows: bars on a terminal, a line a stage elsewhere."""

import io

import pytest
from rich.console import Console
from rich.progress import Progress

from harness.cli.display import Lines, Progression, Screen
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
        watcher.message(message)
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


def test_the_screen_fills_both_bars_and_leaves_a_line_a_cell():
    console = Console(file=io.StringIO(), width=160, force_terminal=True)
    with Progress(console=console, auto_refresh=False) as progress:
        play(Screen(progress))
        everything, current = progress.tasks
        assert (everything.completed, everything.total) == (1, 1)
        assert current.completed == pytest.approx(1.0)
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
