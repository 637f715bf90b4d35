"""The run folders beside one: listed once, and again when somebody has come to work in one."""

import json
import os

import pytest

from harness.ledger import neighbours
from harness.ledger.claims import Claims
from harness.ledger.neighbours import Neighbours
from harness.ledger.presence import at_work
from harness.spec import load


@pytest.fixture
def runs(tmp_path):
    for name in ("a", "b", "mine"):
        (tmp_path / "runs" / name / "cells").mkdir(parents=True)
    (tmp_path / "runs" / "notes.txt").touch()
    os.utime(tmp_path / "runs", (0, 0))
    return tmp_path / "runs"


@pytest.fixture
def listed(monkeypatch):
    found = []
    names = neighbours._names
    monkeypatch.setattr(neighbours, "_names", lambda folder: [found.append(folder), names(folder)][1])
    return found


def test_a_cell_is_found_in_the_order_of_names_and_not_in_the_run_itself(runs):
    for name in ("b", "mine", "a"):
        (runs / name / "cells" / "x").mkdir()
    assert [each.parent.parent.name for each in Neighbours(runs / "mine").having("x")] == ["a", "b"]


def test_where_nobody_works_everything_is_listed_once(runs, listed):
    beside = Neighbours(runs / "mine")
    assert not any(beside.having(str(cell)) or beside.computing(str(cell)) for cell in range(9))
    assert len(listed) == 1 + 2


def test_who_comes_later_is_seen_with_what_they_have(runs, tiny_spec):
    beside = Neighbours(runs / "mine")
    assert not beside.computing("claim")
    with at_work(runs / "a", load(tiny_spec)):
        claims = Claims(runs / "a")
        claims.take("claim")
        (runs / "a" / "cells" / "x").mkdir()
        assert beside.computing("claim")
        (runs / "a" / "cells" / "y").mkdir()
        assert len(beside.having("x") + beside.having("y")) == 2
        claims.release_all()
    assert not beside.computing("claim")


def test_a_command_that_was_killed_is_not_at_work(runs):
    (runs / "a" / "claims").mkdir()
    (runs / "a" / "claims" / "command-0.json").write_text(json.dumps({}))
    beside = Neighbours(runs / "mine")
    Claims(runs / "a").take("claim")
    assert beside.having("x") == []
    assert not beside._at_work


def test_a_folder_that_was_changed_just_now_is_listed_again(runs, listed):
    os.utime(runs)
    beside = Neighbours(runs / "mine")
    beside.having("x")
    beside.having("x")
    assert len(listed) == 2 * 3
