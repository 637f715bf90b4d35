"""The fabricated run is one that the comparator reads, of the size that was asked for."""

import json

from benchmarks.scaling import part
from benchmarks.scaling.fabricated import Size
from benchmarks.scaling.simulated import simulated


def test_every_part_works_on_a_small_run(tmp_path):
    size = Size(recipes=3, seeds=2, items=10)
    for name in ("write", "record", "read", "judge"):
        part.PARTS[name](tmp_path, size)
    verdict = json.loads((tmp_path / "verdict.json").read_text(encoding="utf-8"))
    assert size.cells == 7
    assert not verdict["not_compared"]
    assert len({each["candidate"] for each in verdict["comparisons"]}) == 2


def test_a_simulated_run_ends_every_cell_and_a_second_start_none(tmp_path):
    found = simulated(24, 5, tmp_path)
    assert found.cells == 25
    events = [json.loads(line)["event"] for line in (tmp_path / "journal.jsonl").read_text().splitlines()]
    assert (events.count("began"), events.count("finished")) == (25, 25)
    assert 0.5 < found.busy <= 1
