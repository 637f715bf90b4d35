"""How often each label is given where it is true."""

import itertools
from collections.abc import Iterator

from benchmarks.statistics.measure import given
from benchmarks.statistics.run import Block, Run, points, table
from benchmarks.statistics.world import World

TRUTHS = ((0.08, 0.08), (0.08, 0.04), (0.06, -0.04), (0.08, 0.0), (0.0, 0.0))


def part(run: Run) -> Iterator[Block]:
    """Yield the labels given most."""
    rows = []
    for gaps, s, n in itertools.product(TRUTHS, (3, 5, 10), run.choice((1000, 3000), (300,))):
        world = World(candidates=(gaps,), seeds=s, items=n, seed_sd=0.01)
        rates = given(world, min(run.replicates, 1000), run.stream("power", world))
        seen = sorted(((rate, name) for name, rate in rates.items()), reverse=True)[:3]
        rows.append([points(gaps), s, n, ", ".join(f"{name} {rate:.2f}" for rate, name in seen)])
    yield f"{min(run.replicates, 1000)} replicates: nothing is held to a bar."
    yield table(rows, ["true gap in→out, points", "seeds", "items", "labels given most"])
