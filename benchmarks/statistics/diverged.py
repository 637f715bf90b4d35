"""What one diverging seed does to labels, and what intervals can know of divergence that they have not seen."""

import itertools
from collections.abc import Iterator

from benchmarks.statistics.effects import Effects, reduced
from benchmarks.statistics.measure import covered
from benchmarks.statistics.run import LABEL_BAR, WIDEST, Bar, Block, Run, table
from benchmarks.statistics.untrue import outcome, rates

TRUTHS = ((0.08, 0.04), (0.08, 0.0), (0.0, 0.0), (0.02, 0.0))
SHIFTS = (0.05, 0.1, 0.3, 2.0)
"""By how much the differences of one seed are off in all domains; the seed SD is .01."""
DIVERGED = 0.1
"""From ten seed SDs on a run has diverged; less is a bias, which no interval of means can tell from the truth."""


def part(run: Run) -> Iterator[Block]:
    """Yield the rate of untrue labels where one seed is off, which is no part of the true gaps."""
    rows = []
    for shift, seeds, truth in itertools.product(SHIFTS, run.choice((2, 3, 5, 10), (3,)), TRUTHS):
        world = Effects(gaps=(truth,), seeds=seeds, diverged=shift)
        ((inside, outside),) = reduced(world, run.replicates, run.stream("diverged", world))
        found = rates(outcome(inside, outside, WIDEST), truth)
        rows.append([100 * shift, seeds, truth, found.statement, found.rate])
    yield table(rows, ["shift of one seed, points", "seeds", "true gaps", "untrue statement", "its rate"])
    far = [row for row in rows if row[0] >= 100 * DIVERGED]
    yield Bar(
        what="false rate of a label with one diverging seed",
        value=max(row[-1] for row in far),
        limit=LABEL_BAR,
        replicates=run.replicates,
        cells=len(far),
    )
    near = [f"{row[1]} seeds, {row[2]}: {row[-1]:.4f}" for row in rows if row not in far and row[-1] > LABEL_BAR]
    if near and not run.fast:
        yield f"MARKED: a shift of five seed SDs is a bias, and above {LABEL_BAR:g} at {'; '.join(near)}"
    yield from _unseen(run)


def _unseen(run: Run) -> Iterator[Block]:
    """Yield coverage where every tenth seed diverges by 30 points, which the true gaps include."""
    rows = []
    for seeds in run.choice((2, 3, 5, 10), (3,)):
        world = Effects(gaps=((0.08, 0.04),), seeds=seeds, diverged=0.3, diverging=0.1)
        ((inside, outside),) = reduced(world, run.replicates, run.stream("unseen", world))
        truth = (0.08 + 0.03, 0.04 + 0.03)
        rows.append([seeds, *covered(truth, inside, outside, WIDEST).values()])
    yield "Every tenth seed diverges by 30 points and the truth includes it: no bar, since most runs see none of them."
    yield table(rows, ["seeds", "gap", "delta", "ratio"])
