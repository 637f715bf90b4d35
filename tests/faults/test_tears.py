"""A journal torn anywhere keeps every event whose line is whole, and takes the next."""

from faults.tears import tears, wrong
from harness.ledger import Journal


def test_a_journal_torn_at_any_byte_loses_no_whole_line(tmp_path, monkeypatch):
    monkeypatch.setattr("os.fsync", lambda _: None)
    journal = Journal(tmp_path / "whole" / "journal.jsonl")
    journal.path.parent.mkdir()
    for cell in ("base", "lora--s1 → é", "full"):
        journal.append("began", cell=cell)
    whole = journal.path.read_bytes()
    found = [wrong(tear, whole, tmp_path / str(number)) for number, tear in enumerate(tears(len(whole)))]
    assert [each for each in found if each] == []
