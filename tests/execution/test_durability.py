"""What is noted as done is on the disk before the note is."""

import json
import os
import shutil
from pathlib import Path

import pytest

from harness.execution.unit import read_unit
from harness.execution.work import perform
from helpers.watchers import run

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
