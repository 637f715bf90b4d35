"""Coverage of the share of the gain, whose gap and gain have items and the reference's seeds in common.

gap[s, i] and gain[s, i] have normal effects of the seed, of the item and of both together, each correlated between the
two by the same amount. "As if independent" adds the two item variances, which is what a ratio of two suites does.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.statistics.run import COVERAGE_BAR, Bar, Block, Run, table
from harness.statistics.contrast import Contrast, contrast
from harness.statistics.moments import moments

TAIL = 0.025
GAIN = 0.3
SEED_SDS, ITEM_SDS, NOISE_SDS = (0.03, 0.05), (0.25, 0.5), (0.2, 0.2)
"""Standard deviations of the gap and of the gain, in bits a byte: about those of ``answer_margin``."""
_VALUES_AT_ONCE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One setting: the share is the true one, `correlation` that of gap and gain in each of their effects."""

    seeds: int
    items: int
    correlation: float
    share: float


def part(run: Run) -> Iterator[Block]:
    """Yield coverage in every cell, beside that of the set as if gap and gain were independent, and the bar."""
    grid = itertools.product(
        run.choice((3, 5, 10), (3, 5)),
        run.choice((100, 500), (100,)),
        run.choice((-0.7, 0.0, 0.7), (-0.7, 0.7)),
        (0.14, 0.86),
    )
    cells = [Cell(seeds=s, items=n, correlation=r, share=f) for s, n, r, f in grid]
    found = [coverage(cell, run.replicates, run.stream("share", cell)) for cell in cells]
    rows = [[c.seeds, c.items, c.correlation, c.share, *held] for c, held in zip(cells, found, strict=True)]
    yield table(rows, ["seeds", "items", "correlation", "share", "covered", "as if independent"])
    yield Bar(
        what="coverage of the share",
        value=min(held for held, _ in found),
        limit=COVERAGE_BAR,
        replicates=run.replicates,
        cells=len(cells),
        above=True,
    )


def coverage(cell: Cell, replicates: int, rng: np.random.Generator) -> tuple[float, float]:
    """Return how often the true share is in the set, and in the one as if gap and gain were independent."""
    held = [
        (_covers(_of_items(*pair, cell.share)), _covers(_of_two(*pair, cell.share)))
        for pair in _draws(cell, replicates, rng)
    ]
    ours, naive = (np.concatenate(each) for each in zip(*held, strict=True))
    return float(ours.mean()), float(naive.mean())


def _of_items(gap: np.ndarray, gain: np.ndarray, share: float) -> Contrast:
    return contrast((moments(gap - share * gain),), (1.0,))


def _of_two(gap: np.ndarray, gain: np.ndarray, share: float) -> Contrast:
    return contrast((moments(gap), moments(gain)), (1.0, -share))


def _covers(one: Contrast) -> np.ndarray:
    low, high = one.interval(TAIL)
    return (low <= 0) & (high >= 0)


def _draws(cell: Cell, replicates: int, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield gaps and gains (chunk, seeds, items) until `replicates` are drawn."""
    chunk = max(1, _VALUES_AT_ONCE // (2 * cell.seeds * cell.items))
    for start in range(0, replicates, chunk):
        size = min(chunk, replicates - start)
        shapes = ((size, cell.seeds, 1), (size, 1, cell.items), (size, cell.seeds, cell.items))
        parts = zip(shapes, (SEED_SDS, ITEM_SDS, NOISE_SDS), strict=True)
        effects = [_pair(shape, sds, cell.correlation, rng) for shape, sds in parts]
        yield cell.share * GAIN + sum(each[0] for each in effects), GAIN + sum(each[1] for each in effects)


def _pair(
    shape: tuple[int, ...], sds: tuple[float, float], correlation: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    first, second = rng.standard_normal((2, *shape))
    return sds[0] * first, sds[1] * (correlation * first + np.sqrt(1 - correlation**2) * second)
