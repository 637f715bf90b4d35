"""What a run shows in a pipe: a line a stage, and of a quiet one what went wrong."""

import io
import subprocess
import sys
from dataclasses import replace

import pytest
from rich.console import Console

from harness.cli.display import Lines, Quiet
from harness.execution.events import BatchSettled
from harness.records import Fit
from helpers.watched import CELL, FAILURE, LOOKS, MESSAGES, PLANNED, Clock, play


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
    assert "step 4/4  loss 2.500" in text
    assert "done lora--x--s1--0 in 4 s: near 0.500  far 0.250" in text


def test_batches_that_are_read_in_parts_are_told(console):
    Lines(console).preparing(BatchSettled(Fit(way="measured", rows_at_once=4, recipe="lora--x", rows=8)))
    assert "batches are read 4 rows at a time, in every cell: the memory does not hold 8 of lora--x" in said(console)


def test_lines_call_trials_trials(console):
    lines = Lines(console)
    lines.planned("trials", [PLANNED], [])
    lines.cell(0, PLANNED)
    assert "trial 1 of 1: lora--x" in said(console)


def test_a_failure_is_told_with_kind_stage_and_message(console):
    play(Lines(console), FAILURE)
    assert "failed lora--x--s1--0: out_of_memory while in train: no memory left" in said(console)


def test_lines_of_cells_that_run_at_once_say_whose_they_are(console):
    lines, other = Lines(console), replace(CELL, id="lora--x--s2--0", seed=2)
    lines.planned("cells", [PLANNED, replace(PLANNED, cell=other)], [])
    lines.cell(0, PLANNED)
    lines.message(CELL.id, MESSAGES[4])
    lines.cell(1, replace(PLANNED, cell=other))
    lines.message(other.id, MESSAGES[4])
    assert "  step 4/4  loss 2.500" in said(console)
    assert "  lora--x seed 2: step 4/4  loss 2.500" in said(console)


def test_lines_say_how_fast_it_reads_and_what_a_look_found(console):
    clock = Clock()
    lines = Lines(console, clock)
    lines.planned("cells", [PLANNED], [])
    lines.cell(0, PLANNED)
    for message in MESSAGES[:5]:
        clock.now += 0.5
        lines.message(CELL.id, message)
    lines.looked(LOOKS)
    text = said(console)
    assert "[    2.5s]   step 4/4  loss 2.500  200 tok/s" in text
    assert "look 1 of 2, with 2 of 6 seeds: not settled, the run goes on" in text
    assert "]   lora--x, near → far: persists" in text


@pytest.mark.parametrize(("kind", "of"), [("cells", ""), ("trials", " of these trials")])
def test_lines_say_what_is_left_once_a_cell_tells(console, kind, of):
    clock, other = Clock(), replace(PLANNED, cell=replace(CELL, id="lora--x--s2--0", seed=2))
    lines = Lines(console, clock)
    lines.planned(kind, [PLANNED, other], [])
    lines.cell(0, PLANNED)
    for message in MESSAGES[:5]:
        clock.now += 6.0  # training is 0.6 of a cell
        lines.message(CELL.id, message)
    # at the second step 28 seconds are left, and 46 of another cell
    assert "[   12.0s]   step 1/4  loss 2.500\n" in said(console)
    assert f"[   18.0s]   step 2/4  loss 2.500  17 tok/s  ~1:14 left{of}\n" in said(console)
    assert f"[   30.0s]   step 4/4  loss 2.500  17 tok/s  ~1:02 left{of}\n" in said(console)


def test_a_quiet_run_says_what_failed_and_nothing_else(console):
    play(Quiet(console))
    assert not said(console)
    play(Quiet(console), FAILURE)
    assert said(console) == "failed lora--x--s1--0: out_of_memory while in train: no memory left\n"


def test_where_there_is_no_terminal_nothing_is_wrapped_and_rich_is_left_alone(tmp_path):
    program = """
import sys
from pathlib import Path
from harness.cli.display import watching
from harness.spec import load
with watching(load("quick"), Path("a/b/c" * 30)) as watcher:
    watcher.planned("cells", [], [])
sys.exit("rich" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    head, cells = done.stderr.splitlines()
    assert done.returncode == 0
    assert head.startswith("quick: ")
    assert head.endswith("a/b/c" * 30)
    assert cells.endswith("] 0 cells")
