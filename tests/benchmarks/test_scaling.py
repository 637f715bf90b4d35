"""The fabricated run is one that the comparator reads, of the size that was asked for."""

import json

from benchmarks.scaling import part
from benchmarks.scaling.fabricated import Size


def test_every_part_works_on_a_small_run(tmp_path):
    size = Size(recipes=3, seeds=2, items=10)
    for name in ("write", "record", "read", "judge"):
        part.PARTS[name](tmp_path, size)
    verdict = json.loads((tmp_path / "verdict.json").read_text(encoding="utf-8"))
    assert size.cells == 7
    assert not verdict["not_compared"]
    assert len({each["candidate"] for each in verdict["comparisons"]}) == 2
