"""The gate "not learned": how often a verdict is let through where nothing was learned, and held up where it was."""

import itertools
from collections.abc import Iterator

from benchmarks.statistics.effects import Effects, reduced
from benchmarks.statistics.kinds import KINDS
from benchmarks.statistics.run import EXCESS, WIDEST, Bar, Block, Run, table
from benchmarks.statistics.untrue import outcome
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
