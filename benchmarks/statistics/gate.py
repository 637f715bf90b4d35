"""The gate "not learned": how often a verdict is let through where nothing was learned, and held up where it was."""

import itertools
from collections.abc import Iterator

from benchmarks.statistics.effects import Effects, reduced
from benchmarks.statistics.kinds import KINDS
from benchmarks.statistics.run import EXCESS, WIDEST, Bar, Block, Run, table
from benchmarks.statistics.untrue import outcome, rates
from harness.statistics.contrast import contrast
from harness.verdict.rules import Label

GAPS = (0.08, 0.04)


def part(run: Run) -> Iterator[Block]:
    """Yield the rates by kind, seeds and true gain."""
    rows = []
    gains = (0.0, 0.02, 0.05, 0.1)
    for kind, seeds in itertools.product(run.choice(list(KINDS), ["0/1 scores"]), run.choice((2, 3, 5, 10), (3,))):
        rows.append([kind, seeds, *(_stopped(run, kind, seeds, gain) for gain in gains)])
    yield table(rows, ["kind", "seeds", *(f"stopped, gain {100 * gain:g} points" for gain in gains)])
    yield Bar(
        what="let through with no gain, over the tail",
        value=max(1 - row[2] for row in rows) / WIDEST,
        limit=EXCESS,
        replicates=run.replicates,
        cells=len(rows),
        unit=WIDEST,
    )


def _stopped(run: Run, kind: str, seeds: int, gain: float) -> float:
    world = Effects(gaps=(GAPS,), gain=gain, seeds=seeds, **KINDS[kind])
    (inside, outside), (learned, _) = reduced(world, run.replicates, run.stream("gate", world))
    found = outcome(inside, outside, WIDEST, gain=contrast((learned,), (1.0,)))
    return float((found.label == Label.NOT_LEARNED.value).mean())


def diverged_part(run: Run) -> Iterator[Block]:
    """Yield what one diverging seed does: a shift of its differences that is no part of the true gaps."""
    rows = []
    for shift, seeds, truth in itertools.product((0.05, 0.3, 2.0), run.choice((2, 3, 5, 10), (3,)), TRUTHS):
        world = Effects(gaps=(truth,), seeds=seeds, diverged=shift)
        ((inside, outside),) = reduced(world, run.replicates, run.stream("diverged", world))
        found = rates(outcome(inside, outside, WIDEST), truth)
        rows.append([100 * shift, seeds, truth, found.rate])
    yield table(rows, ["shift of one seed, points", "seeds", "true gaps", "likeliest untrue label's rate"])
    yield Bar(
        what="false rate of a label with one diverging seed",
        value=max(row[-1] for row in rows),
        limit=EXCESS * WIDEST,
        replicates=run.replicates,
        cells=len(rows),
    )


TRUTHS = ((0.08, 0.04), (0.08, 0.0), (0.0, 0.0), (0.02, 0.0))
