"""The chance of any untrue label among three candidates on two out-of-domain suites."""

import itertools
from collections.abc import Iterator

from benchmarks.statistics.measure import family_error
from benchmarks.statistics.run import FAMILY_BAR, Bar, Block, Run, table
from benchmarks.statistics.world import World

FAMILIES = ((0.08, 0.04, 0.02), (0.08, 0.0, 0.0), (0.08, 0.08, 0.04), (0.02, 0.02, 0.0), (0.0, 0.02, 0.0))


def part(run: Run) -> Iterator[Block]:
    """Yield the family-wise error by truth, the same for all candidates."""
    rows = []
    for gaps, s in itertools.product(FAMILIES, run.choice((3, 5, 10), (3,))):
        world = World(candidates=(gaps,) * 3, seeds=s, items=300 if run.fast else 1000, seed_sd=0.01)
        rows.append([gaps, s, family_error(world, run.replicates, run.stream("family", world))])
    yield table(rows, ["true gaps in, out, out (each of 3 candidates)", "seeds", "family-wise error"])
    yield Bar(
        what="family-wise error",
        value=max(row[2] for row in rows),
        limit=FAMILY_BAR,
        replicates=run.replicates,
        cells=len(rows),
    )
