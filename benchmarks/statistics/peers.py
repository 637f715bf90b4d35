"""The intervals that people use today for a gap, on the same data: how often they hold the truth."""

import itertools
from collections.abc import Iterator

import numpy as np
from scipy.special import ndtri, stdtrit

from benchmarks.statistics.measure import coverage
from benchmarks.statistics.run import Block, Run, table
from benchmarks.statistics.world import World, draws

RESAMPLES = 300
TAIL = 0.025


def part(run: Run) -> Iterator[Block]:
    """Yield their coverage beside ours, with fewer replicates: they resample."""
    rows, replicates = [], 50 if run.fast else 250
    for clustered, s, sd in itertools.product((False, True), (3, 10), (0.005, 0.02)):
        world = World(candidates=((0.08, 0.04),), seeds=s, items=300, seed_sd=sd, clustered=clustered)
        ours = coverage(world, run.replicates, run.stream("ours", world))["gap"]
        others = peer_coverage(world, replicates, run.stream("peers", world))
        rows.append([clustered, s, 100 * sd, ours, *others.values()])
    yield table(rows, ["clusters", "seeds", "seed SD, points", "this one", *others])
    yield f"other methods: {replicates} replicates, 300 items"


def peer_coverage(world: World, replicates: int, rng: np.random.Generator) -> dict[str, float]:
    """Return each method's coverage of the in-domain gap at nominal 95%."""
    truth = world.candidates[0][0]
    held: dict[str, list[bool]] = {}
    for chunk in draws(world, replicates, rng):
        for differences in chunk[0, 0]:
            for name, (low, high) in _intervals(differences, rng):
                held.setdefault(name, []).append(bool(low <= truth <= high))
    return {name: float(np.mean(each)) for name, each in held.items()}


def _intervals(differences: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[str, tuple[float, float]]]:
    """Yield the intervals of one data set (seeds, items)."""
    seeds, items = differences.shape
    mean = differences.mean()
    columns, rows = differences.mean(axis=0), differences.mean(axis=1)
    yield "item stderr", _around(mean, -ndtri(TAIL) * columns.std(ddof=1) / np.sqrt(items))
    yield "seed-only t", _around(mean, -stdtrit(seeds - 1, TAIL) * rows.std(ddof=1) / np.sqrt(seeds))
    yield "seeds, then items", _percentiles(_hierarchical(differences, rng))
    yield "pigeonhole", _percentiles(_pigeonhole(differences, rng))


def _hierarchical(differences: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Resample seeds, and for each drawn seed its items anew."""
    seeds, items = differences.shape
    drawn = rng.integers(seeds, size=(RESAMPLES, seeds))
    chosen = rng.integers(items, size=(RESAMPLES, seeds, items), dtype=np.int32)
    return differences[drawn[:, :, None], chosen].mean(axis=(1, 2))


def _pigeonhole(differences: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Resample seeds and items independently and cross them (Owen 2007)."""
    seeds, items = differences.shape
    of_seeds = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=RESAMPLES)
    of_items = rng.multinomial(items, np.full(items, 1 / items), size=RESAMPLES)
    return np.einsum("bs,bs->b", of_seeds, of_items @ differences.T) / (seeds * items)


def _around(mean: float, margin: float) -> tuple[float, float]:
    return mean - margin, mean + margin


def _percentiles(means: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(means, [TAIL, 1 - TAIL])
    return float(low), float(high)
