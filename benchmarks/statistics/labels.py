"""How often a label is given where it is untrue, at the truths where it is likeliest."""

import itertools
from collections.abc import Iterator

from benchmarks.statistics.measure import false_labels
from benchmarks.statistics.run import LABEL_BAR, Bar, Block, Run, points, table
from benchmarks.statistics.world import World

TRUTHS = (
    (0.0, 0.0),
    (0.0, 0.02),
    (0.0, 0.08),
    (0.02, 0.0),
    (0.02, 0.01),
    (0.02, 0.02),
    (0.04, 0.02),
    (0.08, 0.0),
    (0.08, 0.02),
    (0.08, 0.04),
    (0.08, 0.08),
    (0.06, -0.02),
)
"""True gaps in and out where some label is just untrue."""


def part(run: Run) -> Iterator[Block]:
    """Yield the rate of untrue labels by truth."""
    rows = []
    for gaps, s in itertools.product(TRUTHS, run.choice((3, 5, 10), (3,))):
        world = World(candidates=(gaps,), seeds=s, items=300 if run.fast else 1000, seed_sd=0.01)
        rates = false_labels(world, run.replicates, run.stream("labels", world))
        each = {name: rate for name, rate in rates.items() if name != "any"}
        worst = max(each, key=lambda name: each[name])
        rows.append([points(gaps), s, worst, each[worst], rates["any"]])
    yield table(rows, ["true gap in→out, points", "seeds", "likeliest untrue label", "its rate", "any untrue label"])
    yield Bar(
        what="false-verdict rate of a label",
        value=max(row[3] for row in rows),
        limit=LABEL_BAR,
        replicates=run.replicates,
        cells=len(rows),
    )
    yield f"any untrue label: at most {max(row[4] for row in rows):.4f}"
