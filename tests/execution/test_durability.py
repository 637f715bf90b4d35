"""What is noted as done is on the disk before the note is."""

import json
import os
import shutil
from pathlib import Path

import pytest

from harness.execution.crew import Crew
from harness.execution.standing import UNIT
from harness.execution.unit import read_unit
from harness.execution.work import perform
from harness.ledger import RunFolder, journal
from helpers.watchers import Silent, run

NOTES = ("training.json", "evaluation.json")


@pytest.fixture
def synced(monkeypatch):
    """The files and folders that the disk was asked to hold, in order; a note's temporary name counts as its own."""
    order, as_it_is = [], os.fsync

    def noted(handle):
        order.append(Path(f"/proc/self/fd/{handle}").readlink())
        as_it_is(handle)

    monkeypatch.setattr(os, "fsync", noted)
    return order


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="which file a handle is of is asked of /proc")
def test_every_file_of_a_cell_and_its_folder_are_held_before_the_note_that_says_so(tiny_spec, tmp_path, synced):
    ledger, _ = run(tiny_spec, tmp_path / "runs" / "tiny", seeds=(1,))
    folder = next(each for each in sorted((ledger.folder / "cells").iterdir()) if each.name.startswith("lora"))
    unit = read_unit(json.loads((folder / "unit.json").read_text()))
    for each in folder.iterdir():
        shutil.rmtree(each) if each.is_dir() else each.unlink()
    synced.clear()
    told = []
    perform(unit, told.append)
    for file in (each for each in folder.rglob("*") if each.is_file() and each.name not in NOTES):
        note = folder / "training.json" if file.is_relative_to(folder / "adapter") else file.parent / "evaluation.json"
        if note.exists():
            temporary = str(note.with_name(f".{note.name}."))
            before = synced[: next(place for place, each in enumerate(synced) if str(each).startswith(temporary))]
            assert file in before, f"{file} is not held before {note}"
            assert file.parent in before, f"{file.parent} is not held before {note}"


def test_no_wait_begins_and_no_run_ends_before_the_disk_holds_what_the_journal_says(tiny_spec, tmp_path, monkeypatch):
    """And an end is told once its record is held; a unit's file that a power cut took is written again."""
    left, told = [], Crew.told
    monkeypatch.setattr(journal, "_noted", type(journal._noted)())  # another test may have left something to hold

    def telling(crew):
        left.append(0 if crew.has_told else journal._noted.total())
        return told(crew)

    monkeypatch.setattr(Crew, "told", telling)
    held, sync = set(), os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: held.add(os.fstat(handle).st_ino) or sync(handle))
    ended = []

    def note(_, outcome):
        record = folder / "cells" / outcome.cell.id / "result.json"
        ended.append({record.stat().st_ino, record.parent.stat().st_ino} <= held)

    monkeypatch.setattr(Silent, "ended", note)
    folder = tmp_path / "runs" / "tiny"
    run(tiny_spec, folder, seeds=(1,))
    assert ended
    assert all(ended)
    assert not any(left)
    assert not journal._noted
    cell = next(folder.glob("cells/lora*"))
    (cell / UNIT).write_bytes(b"")
    (cell / "result.json").unlink()
    run(tiny_spec, folder, seeds=(1,))
    assert read_unit(json.loads((cell / UNIT).read_text())).attempt == 1
    assert cell.name in {each.cell.id for each in RunFolder(folder).outcomes}
