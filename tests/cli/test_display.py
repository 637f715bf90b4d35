"""What a run shows: bars on a terminal, a line a stage elsewhere."""

import io
from dataclasses import replace

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
