"""A world in which the truth is known: models, seeds, items and clusters whose effects are drawn.

The chance that a model answers an item is probit in the item's difficulty (with a cluster part), an effect of
method x item (with a cluster part), an effect of the seed, and noise that belongs to one model on one item:

    latent[m, d, s, i] = level[m, d] + item[d, i] + method_item[m, d, i] + seed[m, d, s] + noise[m, d, s, i]

A 0/1 score is ``latent > 0``; a continuous one is Φ(latent), the probability of an answer. Seed effects are
correlated between the methods (they share the order of the data) and between the domains (it is one model).
All effects are normal, so that the true mean score over new seeds and items is Φ(level / SD of all the rest), and
levels are solved from the scores that are wished for.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

ITEM_SD = 1.0
METHOD_ITEM_SD = 0.4
NOISE_SD = 1.0
CONTINUOUS_NOISE_SD = 0.3
CLUSTER_SHARE = 0.3
"""Part of the item and method x item variances that the items of a cluster have in common."""
CLUSTER_SIZE = 10
BETWEEN_METHODS = 0.5
BETWEEN_DOMAINS = 0.5
REFERENCE = 0.6
"""True score of the reference."""
_VALUES_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """True scores and the size of every disturbance. `candidates` holds each candidate's (in, out…) true gaps."""

    candidates: tuple[tuple[float, ...], ...]
    seeds: int
    items: int
    seed_sd: float
    """SD over seeds of one model's score, in score units, about."""
    clustered: bool = False
    continuous: bool = False

    @property
    def domains(self) -> int:
        return len(self.candidates[0])

    @property
    def methods(self) -> int:
        return 1 + len(self.candidates)

    @property
    def noise_sd(self) -> float:
        return CONTINUOUS_NOISE_SD if self.continuous else NOISE_SD

    @property
    def clusters(self) -> np.ndarray | None:
        return np.arange(self.items) // CLUSTER_SIZE if self.clustered else None

    def levels(self) -> np.ndarray:
        """Return level[m, d]."""
        scores = np.array([[REFERENCE] * self.domains, *(REFERENCE - np.array(gaps) for gaps in self.candidates)])
        return ndtri(scores) * self.total_sd()

    def total_sd(self) -> float:
        """SD that the mean score is the normal probability of: for Φ(latent), a unit more stands for the link."""
        link = 1.0 if self.continuous else 0.0
        return float(np.sqrt(ITEM_SD**2 + METHOD_ITEM_SD**2 + self.latent_seed_sd() ** 2 + self.noise_sd**2 + link))

    def latent_seed_sd(self) -> float:
        """SD of the seed effect that moves the mean score by `seed_sd`, by the slope of Φ at the reference."""
        rest = ITEM_SD**2 + METHOD_ITEM_SD**2 + self.noise_sd**2 + (1.0 if self.continuous else 0.0)
        slope = np.exp(-(ndtri(REFERENCE) ** 2) / 2) / np.sqrt(2 * np.pi)
        share = (self.seed_sd / slope) ** 2
        return float(np.sqrt(share * rest / (1 - share)))


def draws(world: World, replicates: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield paired differences (candidates, domains, chunk, seeds, items) until `replicates` are drawn."""
    size = world.methods * world.domains * world.seeds * world.items
    chunk = max(1, _VALUES_AT_ONCE // size)
    for start in range(0, replicates, chunk):
        yield _draw(world, min(chunk, replicates - start), rng)


def _draw(world: World, count: int, rng: np.random.Generator) -> np.ndarray:
    methods, domains = world.methods, world.domains
    levels = world.levels().astype(np.float32)
    seeds = _seed_effects(world, count, rng)
    shared = [ITEM_SD * _item_effect(world, count, rng) for _ in range(domains)]
    reference, differences = [], np.empty((methods - 1, domains, count, world.seeds, world.items))
    for m in range(methods):
        for d in range(domains):
            place = levels[m, d] + shared[d] + METHOD_ITEM_SD * _item_effect(world, count, rng)
            latent = rng.standard_normal((count, world.seeds, world.items), dtype=np.float32)
            latent *= np.float32(world.noise_sd)
            latent += place[:, None, :]
            latent += seeds[m, d][:, :, None]
            score = ndtr(latent) if world.continuous else latent > 0
            if m == 0:
                reference.append(score)
            else:
                np.subtract(reference[d], score, out=differences[m - 1, d], dtype=np.float64, casting="unsafe")
    return differences


def _item_effect(world: World, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return a standard normal effect (count, items), in part common to a cluster."""
    own = rng.standard_normal((count, world.items), dtype=np.float32)
    if not world.clustered:
        return own
    groups = rng.standard_normal((count, -(-world.items // CLUSTER_SIZE)), dtype=np.float32)
    common = np.repeat(groups, CLUSTER_SIZE, axis=1)[:, : world.items]
    return np.float32(np.sqrt(CLUSTER_SHARE)) * common + np.float32(np.sqrt(1 - CLUSTER_SHARE)) * own


def _seed_effects(world: World, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return (methods, domains, count, seeds): a product of the two correlations."""
    effects = rng.standard_normal((world.methods, world.domains, count, world.seeds)).astype(np.float32)
    between_methods = np.linalg.cholesky(_exchangeable(world.methods, BETWEEN_METHODS))
    between_domains = np.linalg.cholesky(_exchangeable(world.domains, BETWEEN_DOMAINS))
    mixed = np.einsum("mn,de,necs->mdcs", between_methods, between_domains, effects)
    return (world.latent_seed_sd() * mixed).astype(np.float32)


def _exchangeable(size: int, correlation: float) -> np.ndarray:
    return np.full((size, size), correlation) + (1 - correlation) * np.eye(size)
