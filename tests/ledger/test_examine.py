"""A run folder as a whole: what is damaged, half-written, foreign or left behind is found at once; nothing changes."""

import json

import pytest

from harness.cli import main
from harness.ledger.claims import Claims
from harness.ledger.files import write_json
from helpers.runs import scored_run


@pytest.fixture
def run(tiny_spec, tmp_path):
    return scored_run(tmp_path / "run", tiny_spec)


def found(run, capsys, code):
    before = sorted(run.folder.rglob("*"))
    assert main(["doctor", str(run.folder), "--json"]) == code
    assert sorted(run.folder.rglob("*")) == before
    listed = json.loads(capsys.readouterr().out)
    return {each["what"]: (each["status"], each["detail"]) for each in listed}


def test_a_whole_run_is_whole(run, capsys):
    assert found(run, capsys, 0) == {
        "checksums": ("ok", "every file that one is known of holds what was written"),
        "cells": ("ok", "5 of 5 are done"),
        "journal": ("ok", "5 events"),
    }


def test_every_damage_is_a_line_and_what_they_take_together(run, capsys):
    one, other = sorted(run.folder.glob("cells/full*/eval/*/samples*"))[:2]
    one.write_bytes(one.read_bytes()[:-9])
    other.unlink()
    (run.cell_folder(run.cell_ids[0]) / "result.json").write_text("[]")
    listed = found(run, capsys, 1)
    assert listed[one.relative_to(run.folder).as_posix()][1].startswith("cut: ")
    assert listed[other.relative_to(run.folder).as_posix()][1].startswith("missing: ")
    assert listed[f"cells/{run.cell_ids[0]}/result.json"] == (
        "fail",
        "unreadable: it is no object in { }; an unknown time to make again",
    )
    status, detail = listed["checksums"]
    assert status == "fail"
    assert "3 damaged files" in detail
    assert "what 1 of 3 parts take, which no record says" in detail


def test_what_is_half_written_foreign_or_left_behind_is_said(run, capsys):
    (run.folder / "notes.txt").write_text("mine")
    (run.folder / "cells" / "lora--old--s1--0").mkdir()
    cell = run.cell_folder(run.cell_ids[1])
    (cell / ".result.json.x7").write_text("{")
    (cell / "outside").symlink_to("/etc/passwd")
    with (run.folder / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"v": 1, "ti')
    write_json(run.folder / "claims" / "command-0a.json", {})
    (run.cell_folder(run.cell_ids[-1]) / "result.json").unlink()
    listed = found(run, capsys, 1)
    assert listed["foreign files"][0] == "warn"
    assert "notes.txt, cells/" in listed["foreign files"][1]
    assert ".result.json.x7: left by a process that was killed" in listed["half-written files"][1]
    assert "outside: a run writes none" in listed["links"][1]
    assert listed["other cells"][1].startswith("lora--old--s1--0: ")
    assert listed["journal"] == ("warn", "1 of 6 lines were cut off while they were written; nothing rests on them")
    assert "command-0a: of killed commands" in listed["orphaned claims"][1]
    assert listed["cells"] == ("warn", "4 of 5 are done")
    assert listed["begun cells"][1].startswith(run.cell_ids[-1])
    assert listed["lost results"] == (
        "fail",
        f"the journal says that {run.cell_ids[-1]} ended, and their records are gone",
    )


def test_who_is_at_work_is_said(run, capsys):
    claims = Claims(run.folder)
    claims.take("cells--x--1")
    assert found(run, capsys, 0)["claims"] == ("warn", "somebody is at work: cells--x--1")
    claims.release_all()
    assert found(run, capsys, 0)["claims"] == ("ok", "nobody is at work")


def test_a_folder_without_a_run_is_refused(tmp_path, capsys):
    assert main(["doctor", str(tmp_path)]) == 64
    assert "holds no run" in capsys.readouterr().err
