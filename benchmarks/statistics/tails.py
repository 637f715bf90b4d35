"""The error of intervals at the tails that several comparisons and looks need, relative to the stated one."""

import itertools
from collections.abc import Iterator

from benchmarks.statistics.effects import Effects, Reduced, first, reduced
from benchmarks.statistics.kinds import KINDS
from benchmarks.statistics.measure import covered, holds
from benchmarks.statistics.run import EXCESS, WIDEST, Bar, Block, Run, table
from harness.statistics.contrast import contrast

GAPS, GAIN = (0.08, 0.04), 0.1


def part(run: Run) -> Iterator[Block]:
    """Yield by kind, seeds and tail how often the intervals of gap, delta, ratio and gain miss the truth."""
    rows = []
    for kind, seeds in itertools.product(KINDS, run.choice((2, 3, 5, 10), (2, 3, 10))):
        rows += list(_rows(run, kind, seeds))
    yield table(rows, ["kind", "seeds", "tail of", "replicates", "gap", "delta", "ratio", "gain"])
    worst = max(max(row[4:]) for row in rows)
    yield Bar(
        what="misses of an interval over the stated rate",
        value=worst,
        limit=EXCESS,
        replicates=run.replicates,
        cells=4 * len(rows),
        unit=2 * (min(run.tails.values()) if run.fast else WIDEST),
    )


def _rows(run: Run, kind: str, seeds: int) -> Iterator[list[object]]:
    world = Effects(gaps=(GAPS,), gain=GAIN, seeds=seeds, **KINDS[kind])
    drawn = reduced(world, run.replicates_at(min(run.tails.values())), run.stream("tails", world))
    for name, tail in run.tails.items():
        count = run.replicates_at(tail)
        yield [kind, seeds, name, count, *(missed / (2 * tail) for missed in _missed(first(drawn, count), tail))]


def _missed(drawn: Reduced, tail: float) -> Iterator[float]:
    (inside, outside), (gain, _) = drawn
    yield from (1 - held for held in covered(GAPS, inside, outside, tail).values())
    yield 1 - holds(contrast((gain,), (1.0,)), GAIN, tail)
