"""Coverage of the 95% intervals of gap, delta and ratio, by items drawn one by one: 0/1 and continuous scores."""

import itertools
from collections.abc import Iterator

import numpy as np

from benchmarks.statistics.measure import coverages
from benchmarks.statistics.run import COVERAGE_BAR, Bar, Block, Run, table
from benchmarks.statistics.world import World


def part(run: Run, *, continuous: bool = False) -> Iterator[Block]:
    """Yield coverage over the grid, the bar, and a line for each number of seeds."""
    seeds = run.choice((2, 3, 5, 10), (2, 3, 10))
    items = run.choice((200,) if continuous else (200, 1000), (200,))
    rows = []
    for clustered, sd in itertools.product((False, True), run.choice((0.005, 0.02, 0.04), (0.01, 0.04))):
        world = World(
            candidates=((0.08, 0.04),),
            seeds=max(seeds),
            items=max(items),
            seed_sd=sd,
            clustered=clustered,
            continuous=continuous,
        )
        sizes = list(itertools.product(seeds, items))
        found = coverages(world, run.replicates, run.stream("coverage", world), sizes)
        rows += [[clustered, 100 * sd, s, n, *held.values()] for (s, n), held in found.items()]
    yield table(rows, ["clusters", "seed SD, points", "seeds", "items", "gap", "delta", "ratio"])
    cells = np.array([row[4:] for row in rows])
    yield Bar(
        what="coverage", value=cells.min(), limit=COVERAGE_BAR, replicates=run.replicates, cells=cells.size, above=True
    )
    for s in seeds:
        chosen = np.array([row[4:] for row in rows if row[2] == s])
        yield f"{s} seeds: mean {chosen.mean():.3f}, lowest {chosen.min():.4f}"


def continuous_part(run: Run) -> Iterator[Block]:
    """Yield the same with continuous scores."""
    return part(run, continuous=True)
