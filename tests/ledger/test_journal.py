"""The journal loses nothing that was written whole, whatever happened around it."""

import json
import os
import threading
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from harness.errors import LedgerError
from harness.ledger import Journal
from harness.ledger.journal import GROUP

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "journal.jsonl")


def names(journal):
    return [event["event"] for event in journal.events()]


def test_events_come_back_in_order_with_their_fields(journal):
    journal.append("began", cell="a")
    journal.append("finished", cell="a", note={"x": [1, 2]})
    first, second = journal.events()
    assert (first["event"], first["cell"], first["v"]) == ("began", "a", 1)
    assert second["note"] == {"x": [1, 2]}
    assert second["time"] >= first["time"]


def test_an_absent_journal_is_empty(journal):
    assert journal.events() == []


def test_a_half_written_tail_is_left_out_and_hides_nothing_that_follows(journal):
    journal.append("began", cell="a")
    with journal.path.open("ab") as file:
        file.write(b'{"v": 1, "event": "fini')
    assert names(journal) == ["began"]
    journal.append("began", cell="b")
    assert names(journal) == ["began", "began"]


def test_a_newer_version_is_refused_with_what_to_do(journal):
    journal.path.write_text(json.dumps({"v": 99, "event": "x"}) + "\n")
    with pytest.raises(LedgerError, match="newer harness"):
        journal.events()


def test_nan_is_refused(journal):
    with pytest.raises(ValueError, match="Out of range"):
        journal.append("evaluated", score=float("nan"))
    assert journal.events() == []


@pytest.fixture
def asked(journal, monkeypatch):
    """What the disk was asked to hold since the journal's file is there."""
    journal.append("started")
    found = []
    monkeypatch.setattr(os, "fsync", found.append)
    return found


def test_what_is_noted_is_read_at_once_and_held_when_asked(journal, asked):
    journal.note("began", cell="a")
    journal.note("finished", cell="a")
    assert (names(journal), asked) == (["started", "began", "finished"], [])
    journal.hold()
    assert len(asked) == 1
    journal.hold()
    assert len(asked) == 1


def test_what_is_appended_has_what_was_noted_before_held_with_it(journal, asked):
    journal.note("began", cell="a")
    journal.append("judged")
    assert len(asked) == 1
    journal.hold()
    assert len(asked) == 1


def test_no_more_than_a_group_is_left_to_the_system(journal, asked):
    for number in range(GROUP - 1):
        journal.note("began", cell=str(number))
    assert asked == []
    journal.note("began", cell="the last")
    assert len(asked) == 1
    assert len(journal.events()) == 1 + GROUP


def test_holding_a_journal_that_is_gone_or_never_was_is_no_error(journal, tmp_path):
    Journal(tmp_path / "other.jsonl").hold()
    journal.note("began", cell="a")
    journal.path.unlink()
    journal.hold()


def test_concurrent_writers_do_not_mix_lines(journal):
    def write(writer):
        for number in range(20):
            journal.append("event", writer=writer, number=number, padding="x" * 500)

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    events = journal.events()
    assert len(events) == 80
    for writer in range(4):
        assert [event["number"] for event in events if event["writer"] == writer] == list(range(20))


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.jsonl")), ids=lambda path: path.stem)
def test_journals_of_earlier_versions_are_still_read(path):
    events = Journal(path).events()
    assert [event["event"] for event in events] == ["started", "began", "evaluated", "finished", "failed"]


def test_of_many_journals_those_of_long_ago_are_let_go_of_and_can_be_gone_on_with(tmp_path):
    journals = [Journal(tmp_path / str(number) / "journal.jsonl") for number in range(70)]
    for each in journals:
        each.path.parent.mkdir()
        each.append("begun")
    with FileLock(journals[0].path.with_suffix(".lock")).acquire(timeout=0):
        journals[0].append("while another is there")
    with pytest.raises(Timeout):
        FileLock(journals[-1].path.with_suffix(".lock")).acquire(timeout=0)
    assert [each["event"] for each in journals[0].events()] == ["begun", "while another is there"]
    assert len(list(journals[0].path.parent.glob("journal*.jsonl"))) == 2
