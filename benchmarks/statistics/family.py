"""The chance of any untrue label in a family of comparisons that share the error rate."""

import itertools
from collections.abc import Iterator

from benchmarks.statistics.effects import Effects, reduced
from benchmarks.statistics.kinds import KINDS
from benchmarks.statistics.measure import family, family_error
from benchmarks.statistics.run import FAMILY_BAR, WIDEST, Bar, Block, Run, table
from benchmarks.statistics.world import World

TRUTHS = ((0.08, 0.0), (0.08, 0.08), (0.08, 0.04), (0.02, 0.0), (0.02, 0.02), (0.0, 0.02), (0.0, 0.0), (0.02, 0.08))
SHARING = ("0/1 scores", "almost no noise", "seeds alone", "surer outside")
SHAPES = {"1": (1, 1), "2": (1, 2), "6": (3, 2), "7": (7, 1)}
"""Candidates and out-of-domain suites by number of comparisons."""


def part(run: Run) -> Iterator[Block]:
    """Yield the family-wise error, worst over truths that are the same for all candidates and suites."""
    rows, single = [], []
    for (name, (candidates, outside)), kind, seeds in itertools.product(
        SHAPES.items(), run.choice(SHARING, SHARING[:1]), run.choice((2, 3, 5, 10), (3,))
    ):
        errors = {}
        for gap_in, gap_out in TRUTHS:
            gaps = ((gap_in, *(gap_out,) * outside),) * candidates
            world = Effects(gaps=gaps, seeds=seeds, **KINDS[kind])
            errors[gap_in, gap_out] = family(reduced(world, run.replicates, run.stream("family", world)), gaps)
        worst = max(errors, key=lambda truth: errors[truth])
        (single if name == "1" else rows).append([name, kind, seeds, worst, errors[worst]])
    yield table([*single, *rows], ["comparisons", "kind", "seeds", "worst at true gaps in, out", "family-wise error"])
    yield _bar("family-wise error, 2 comparisons or more", rows, FAMILY_BAR, run)
    yield _bar("family-wise error, 1 comparison (1.5 alpha)", single, 3 * WIDEST, run)


def _bar(what: str, rows: list[list[object]], limit: float, run: Run) -> Bar:
    worst = max(row[-1] for row in rows)
    return Bar(what=what, value=worst, limit=limit, replicates=run.replicates, cells=len(rows) * len(TRUTHS))


FAMILIES = ((0.08, 0.04, 0.02), (0.08, 0.0, 0.0), (0.08, 0.08, 0.04), (0.02, 0.02, 0.0))


def items_part(run: Run) -> Iterator[Block]:
    """Yield it for 0/1 scores drawn item by item, three candidates on two out-of-domain suites."""
    rows = []
    for gaps, s in itertools.product(FAMILIES, run.choice((3, 10), (3,))):
        world = World(candidates=(gaps,) * 3, seeds=s, items=300, seed_sd=0.01)
        rows.append([gaps, s, family_error(world, run.replicates, run.stream("family", world))])
    yield table(rows, ["true gaps in, out, out (each of 3 candidates)", "seeds", "family-wise error"])
    yield Bar(
        what="family-wise error, items",
        value=max(row[2] for row in rows),
        limit=FAMILY_BAR,
        replicates=run.replicates,
        cells=len(rows),
    )
