"""A world of normal effects, drawn as the comparator reduces it: a replicate costs as much as its seeds.

    D[p, d, s, i] = gap[p, d] + seed[p, d, s] + item[p, d, i] + rest[p, d, s, i]

p is a candidate's difference to the reference or, last, the reference's gain over the untuned model; all share the
reference's scores, which correlates each effect by `SHARED`. Row means are normal, and the covariance matrix of
the row means under resampling of items is Wishart, independent of them: what `moments` makes of a table of items is
drawn here without the table, exactly (a test holds both together). Only 0/1 scores and clusters need items, in
`world`.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from harness.statistics.moments import Moments

SHARED = 0.5
"""Correlation of two differences to one reference: the candidates' own parts are as large as the reference's."""
SLICE = 25_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """True gaps and the standard deviations of a paired difference. `gaps` holds each candidate's (in, out…)."""

    gaps: tuple[tuple[float, ...], ...]
    seeds: int
    gain: float | None = None
    """What the reference truly gained in-domain over the untuned model; None: that was not scored."""
    items: int = 1000
    seed_sd: float = 0.01
    item_sd: float = 0.12
    rest_sd: float = 0.55
    outside: float = 1.0
    """What the standard deviations are multiplied by out-of-domain."""
    between_domains: float = 0.5
    """Correlation of a model's seed effects between domains."""
    heavy: bool = False
    """Whether seed effects have Student's t with three degrees of freedom, of the same variance."""
    diverged: float = 0.0
    """A shift of the first seed's differences in all domains, which is no part of the truth."""
    diverging: float | None = field(default=None, repr=False)
    """The chance with which every seed has that shift, and not the first alone."""

    @property
    def domains(self) -> int:
        return len(self.gaps[0])

    def truths(self) -> np.ndarray:
        """Return the true means, (differences, domains)."""
        return np.array(self.gaps if self.gain is None else (*self.gaps, (self.gain,) * self.domains))


Reduced = list[list[Moments]]
"""Moments by difference and domain: the candidates', then the gain's where there is one."""


def reduced(world: Effects, replicates: int, rng: np.random.Generator) -> Reduced:
    """Return the moments of all replicates."""
    sizes = [min(SLICE, replicates - start) for start in range(0, replicates, SLICE)]
    parts = [_draw(world, size, rng) for size in sizes]
    return [[joined([part[p][d] for part in parts]) for d in range(world.domains)] for p in range(len(parts[0]))]


def first(drawn: Reduced, count: int) -> Reduced:
    """Return the first replicates of those drawn."""
    return [[_first(each, count) for each in domains] for domains in drawn]


def _first(each: Moments, count: int) -> Moments:
    return replace(each, row_means=each.row_means[:count], total=each.total[:count], trace=each.trace[:count])


def joined(parts: list[Moments]) -> Moments:
    """Return replicates that were drawn in slices as one."""
    return Moments(
        row_means=np.concatenate([part.row_means for part in parts]),
        total=np.concatenate([part.total for part in parts]),
        trace=np.concatenate([part.trace for part in parts]),
        units=parts[0].units,
        items=parts[0].items,
    )


def _draw(world: Effects, count: int, rng: np.random.Generator) -> Reduced:
    truths, root = world.truths(), np.linalg.cholesky(exchangeable(len(world.truths()), SHARED))
    seeds = seed_effects(world, count, rng, root)
    found = []
    for d in range(world.domains):
        scale = world.outside if d else 1.0
        items, rest = scale * world.item_sd / np.sqrt(world.items), scale * world.rest_sd / np.sqrt(world.items)
        means = truths[:, d, None, None] + scale * seeds[:, d]
        means += items * _mixed(root, rng.standard_normal((len(truths), count)))[..., None]
        means += rest * _mixed(root, rng.standard_normal((len(truths), count, world.seeds)))
        found.append(_moments(world, means, (items, rest), root, rng))
    return [list(each) for each in zip(*found, strict=True)]


def _moments(
    world: Effects, means: np.ndarray, sds: tuple[float, float], root: np.ndarray, rng: np.random.Generator
) -> list[Moments]:
    """Reduce one domain: along the mean of the seeds items and rest vary, across them the rest alone."""
    (items, rest), df, count = sds, world.items - 1, means.shape[1]
    along = (world.seeds * items**2 + rest**2) * _wishart_diagonal(root, df, count, rng) / df
    across = rest**2 * _wishart_diagonal(root, (world.seeds - 1) * df, count, rng) / df
    return [
        Moments(row_means=row, total=world.seeds * one, trace=one + other, units=world.items, items=world.items)
        for row, one, other in zip(means, along, across, strict=True)
    ]


def seed_effects(world: Effects, count: int, rng: np.random.Generator, root: np.ndarray) -> np.ndarray:
    """Return (differences, domains, count, seeds)."""
    effects = rng.standard_normal((len(root), world.domains, count, world.seeds))
    domains = np.linalg.cholesky(exchangeable(world.domains, world.between_domains))
    mixed = np.einsum("pq,de,qens->pdns", root, domains, effects)
    if world.heavy:
        # Three degrees of freedom have a variance of 3.
        mixed *= np.sqrt(1 / rng.chisquare(3, (count, world.seeds)))
    mixed *= world.seed_sd
    if world.diverging is None:
        mixed[..., 0] += world.diverged
    else:
        mixed += world.diverged * (rng.random((count, world.seeds)) < world.diverging)
    return mixed


def _wishart_diagonal(root: np.ndarray, df: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return the diagonals of Wishart matrices of covariance root·rootᵀ, (differences, count), by Bartlett (1933)."""
    size = len(root)
    factor = np.zeros((size, size, count))
    for row in range(size):
        factor[row, row] = np.sqrt(rng.chisquare(df - row, count))
        factor[row, :row] = rng.standard_normal((row, count))
    return (np.einsum("pq,qrn->prn", root, factor) ** 2).sum(axis=1)


def _mixed(root: np.ndarray, effects: np.ndarray) -> np.ndarray:
    return np.tensordot(root, effects, axes=1)


def exchangeable(size: int, correlation: float) -> np.ndarray:
    """Return the correlation matrix whose entries off the diagonal are alike."""
    return np.full((size, size), correlation) + (1 - correlation) * np.eye(size)
