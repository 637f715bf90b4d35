"""``harness ls``: what has run and how it ended, from the run folders alone."""

import json

import pytest

from harness.cli import main
from harness.ledger import RunFolder
from harness.ledger.lock import LOCK
from harness.records import Cell, CellFailure, Costs
from helpers.records import cell_result

CELLS = [Cell(id=f"lora--x--s{seed}--0", recipe="lora--x", seed=seed) for seed in range(4)]


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """One run: a cell is done, one failed, one has begun, one waits."""
    monkeypatch.chdir(tmp_path)
    run = RunFolder(tmp_path / "runs" / "mine")
    for cell in CELLS[:3]:
        run.cell_folder(cell).mkdir(parents=True)
    (run.folder / LOCK).write_text(json.dumps({"cells": [cell.id for cell in CELLS]}))
    run.write_outcome(cell_result(CELLS[0], costs=Costs(seconds={"train": 2.0, "evaluate": 3.0})))
    failure = CellFailure(cell=CELLS[1], kind="non_finite_loss", stage="train", message="the loss was nan")
    run.write_outcome(failure)
    return run


def rows(capsys, *words):
    assert main(["ls", "--json", *words]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_run_is_counted(runs, capsys):
    assert rows(capsys) == [{"run": "mine", "cells": 4, "done": 1, "failed": 1, "verdict": False}]


def test_a_verdict_is_noticed_when_every_cell_has_ended(runs, capsys):
    (runs.folder / "verdict.json").write_text('{"looks": null}')
    assert rows(capsys)[0]["verdict"] is False
    for cell in CELLS[2:]:
        runs.write_outcome(cell_result(cell, costs=Costs(seconds={"train": 2.0})))
    assert rows(capsys)[0]["verdict"] is True


@pytest.mark.parametrize(("looks", "has"), [({"stopped_at": 1}, True), ({"stopped_at": None}, False), ("?", False)])
def test_a_run_that_stopped_at_a_look_has_its_verdict(runs, capsys, looks, has):
    (runs.folder / "verdict.json").write_text(json.dumps({"looks": looks}) if looks != "?" else "{")
    assert rows(capsys)[0]["verdict"] is has


def test_what_is_wrong_with_several_runs_alike_is_said_once(runs, capsys):
    for name in ("a", "b", "c", "d", "e"):
        (runs.folder.parent / name).mkdir()
        (runs.folder.parent / name / LOCK).write_text("{}")
    assert main(["ls"]) == 64
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"harness: runs/a/{LOCK} is not a lock file of harness")
    assert line.endswith(f"The same holds for runs/b/{LOCK}, runs/c/{LOCK}, runs/d/{LOCK} and 1 more.")


def test_each_cell_of_a_run_says_how_it_stands(runs, capsys):
    cells = rows(capsys, "runs/mine")
    assert [cell["status"] for cell in cells] == ["done", "failed", "begun", "waiting"]
    assert cells[0]["detail"] == "5 s"
    assert cells[1]["detail"] == "non_finite_loss: the loss was nan"


def test_the_table_names_every_cell(runs, capsys):
    assert main(["ls", "runs/mine"]) == 0
    out = capsys.readouterr().out
    assert all(cell.id in out for cell in CELLS)


def test_no_runs_is_no_error(tmp_path, capsys):
    assert main(["ls", str(tmp_path)]) == 0
    assert "no runs" in capsys.readouterr().out


def test_a_folder_that_is_not_there_is_a_usage_error(tmp_path, capsys):
    assert main(["ls", str(tmp_path / "gone")]) == 64
    assert "harness run SPEC" in capsys.readouterr().err


def test_of_many_runs_no_record_is_made_whatever_their_number(runs, capsys, monkeypatch):
    def made(*_):
        raise AssertionError("a record was made of a file")

    for name in ("harness.ledger.outcomes.from_json", "harness.ledger.lock.decode"):
        monkeypatch.setattr(name, made)
    assert rows(capsys)[0]["failed"] == 1


def test_a_record_that_says_nothing_is_named(runs, capsys):
    (runs.cell_folder(CELLS[0]) / "result.json").write_text("{")
    assert main(["ls"]) == 64
    assert "result.json cannot be read" in capsys.readouterr().err
