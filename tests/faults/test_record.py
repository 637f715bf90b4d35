"""A campaign that was stopped goes on where it was, and tries again what ended wrongly."""

from dataclasses import asdict

from faults import kills
from faults.__main__ import Campaign, _injected
from faults.grid import Told
from faults.kills import Chain, chains, drawn
from faults.record import Record
from faults.tears import Tear

TEARS = [Tear(kept, "cut") for kept in range(4)]


def campaign(outcomes, tried):
    def one(_grid, tear, _folder):
        tried.append(tear.kept)
        return Told(tear, outcomes.get(tear.kept, "right"), "why")

    return Campaign("tears", Tear, lambda *_: TEARS, one)


def test_what_ended_rightly_is_not_injected_again_and_what_ended_wrongly_is(tmp_path, capsys):
    file, tried = tmp_path / "faults.jsonl", []
    assert _injected(campaign({2: "lost"}, tried), None, TEARS[:3], tmp_path, Record(file)) == 1
    assert tried == [0, 1, 2]
    with (tmp_path / "faults-ended.jsonl").open("a") as torn:
        torn.write('{"campaign": "tea')
    tried.clear()
    assert _injected(campaign({}, tried), None, TEARS, tmp_path, Record(file)) == 0
    assert tried == [2, 3]
    assert "tears 4 of 4: 4 right" in capsys.readouterr().out
    assert len(file.read_text().splitlines()) == 5
    assert _injected(campaign({}, tried), None, TEARS, tmp_path, Record(file)) == 0
    assert tried == [2, 3]


def test_nothing_is_begun_when_it_is_late(tmp_path, capsys):
    tried = []
    assert _injected(campaign({}, tried), None, TEARS, tmp_path, Record(tmp_path / "faults.jsonl", minutes=-1)) == 0
    assert tried == []
    assert capsys.readouterr().out == ""


def test_chains_that_ended_rightly_count_and_are_not_killed_again(tmp_path, monkeypatch):
    wrong = {4}
    tried = []

    def one(_grid, kills, _folder, _faults):
        tried.append(kills[0].chain)
        return Chain(kills[0].chain, kills[:3], 2, ["lost"] if kills[0].chain in wrong else [])

    monkeypatch.setattr(kills, "tried", one)

    def came_to(count):
        record = Record(tmp_path / "faults.jsonl")
        return [each.faults for each in chains(None, count, tmp_path, record, drawn, first=3)]

    assert came_to(6) == [[], ["lost"]]
    wrong.clear()
    assert came_to(9) == [[], [], []]
    assert tried == [3, 4, 4, 5]
    ended = Record(tmp_path / "faults.jsonl").known("kills", [asdict(each) for each in drawn(5)])
    assert ended["number"] == 5
