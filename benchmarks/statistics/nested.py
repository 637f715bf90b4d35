"""The world of normal effects at several numbers of seeds at once: the first seeds of the same replicates.

The covariance matrix of the row means under resampling of items is Wishart as a whole, of seeds within differences; its
leading blocks are those of fewer seeds, whose sum and diagonal inference needs.
"""

from collections.abc import Sequence

import numpy as np

from benchmarks.statistics.effects import SHARED, Effects, Reduced, exchangeable, joined, seed_effects
from harness.statistics.moments import Moments

SLICE = 2_000


def nested(world: Effects, replicates: int, rng: np.random.Generator, sizes: Sequence[int]) -> dict[int, Reduced]:
    """Return the moments of all replicates with the first seeds of each size; the largest is the world's."""
    slices = [min(SLICE, replicates - start) for start in range(0, replicates, SLICE)]
    parts = [_draw(world, count, rng, sizes) for count in slices]
    return {
        size: [
            [joined([part[size][p][d] for part in parts]) for d in range(world.domains)] for p in range(len(world.gaps))
        ]
        for size in sizes
    }


def _draw(world: Effects, count: int, rng: np.random.Generator, sizes: Sequence[int]) -> dict[int, Reduced]:
    truths = world.truths()
    root = np.linalg.cholesky(exchangeable(len(truths), SHARED))
    seeds = seed_effects(world, count, rng, root)
    found: dict[int, list[list[Moments]]] = {size: [] for size in sizes}
    for d in range(world.domains):
        scale = (world.outside if d else 1.0) / np.sqrt(world.items)
        items, rest = scale * world.item_sd, scale * world.rest_sd
        means = truths[:, d, None, None] + (world.outside if d else 1.0) * seeds[:, d]
        means += items * np.tensordot(root, rng.standard_normal((len(truths), count)), axes=1)[..., None]
        means += rest * np.tensordot(root, rng.standard_normal((len(truths), count, world.seeds)), axes=1)
        blocks = _covariances(world, root, (items, rest), count, rng)
        for size in sizes:
            found[size].append([_cut(world, *each, size) for each in zip(means, blocks, strict=True)])
    return {size: [list(each) for each in zip(*domains, strict=True)] for size, domains in found.items()}


def _cut(world: Effects, means: np.ndarray, covariance: np.ndarray, size: int) -> Moments:
    block = covariance[:, :size, :size]
    total, trace = block.sum(axis=(1, 2)), np.trace(block, axis1=1, axis2=2)
    return Moments(row_means=means[:, :size], total=total, trace=trace, units=world.items, items=world.items)


def _covariances(
    world: Effects, root: np.ndarray, sds: tuple[float, float], count: int, rng: np.random.Generator
) -> np.ndarray:
    """Return each difference's covariance matrix of its row means, (differences, count, seeds, seeds)."""
    (items, rest), seeds, df = sds, world.seeds, world.items - 1
    within = np.linalg.cholesky(items**2 * np.ones((seeds, seeds)) + rest**2 * np.eye(seeds))
    size = len(root) * seeds
    factor = np.tril(rng.standard_normal((count, size, size)), -1)
    places = np.arange(size)
    factor[:, places, places] = np.sqrt(rng.chisquare(df - places, (count, size)))
    rows = (np.kron(root, within) @ factor).reshape(count, len(root), seeds, size)
    return np.moveaxis(rows @ np.swapaxes(rows, -1, -2), 1, 0) / df
