"""How likely a number of seeds and items is to show a condition, and the smallest effect that it is likely to show."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaincinv, ndtr, stdtrit

from harness.statistics.contrast import per_seed
from harness.statistics.critical import Array, Floats
from harness.statistics.moments import Moments
from harness.statistics.roots import root

POWER = 0.8
_SEED_LIMIT = 0.8
"""Confidence of the upper limit of the variance between seeds that makes a plan a range."""
_PARTS = 128
"""Parts of the distribution of an estimated variance over which power is averaged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Variance of a contrast by source, at the present number of items: V = (seed + residual)/seeds + item.

    `seed` and `residual` are variances of one seed's contrast, `item` of the gap; with k times the items,
    residual and item shrink k-fold. `item_df` belongs to the present items. The parts are arrays where there are
    replicates.
    """

    seed: Array
    item: Array
    residual: Array
    item_df: float

    def variance(self, seeds: Array, scale: Array = 1.0) -> Floats:
        """Variance of the contrast with `seeds` seeds and `scale` times the items."""
        return np.asarray((self.seed + self.residual / scale) / seeds + self.item / scale)

    def share(self, seeds: Array, scale: Array = 1.0) -> Floats:
        """Part of that variance that shows between seeds, w."""
        between = (self.seed + self.residual / scale) / seeds
        return np.divide(between, self.variance(seeds, scale))


def budgets(suites: Sequence[Moments], weights: Sequence[float]) -> Budget:
    """Split the variance of a contrast into seed, item and residual parts by replicate (two seeds or more)."""
    scores = per_seed(suites, weights)
    seeds = scores.shape[-1]
    squares = [weight**2 for weight in weights]
    items = sum(square * suite.item_variance for square, suite in zip(squares, suites, strict=True))
    column = sum(square * suite.column_variance for square, suite in zip(squares, suites, strict=True))
    residual = np.maximum(0.0, (column - items) * seeds)
    return Budget(
        seed=np.maximum(0.0, np.var(scores, axis=-1, ddof=1) - residual),
        item=np.asarray(items),
        residual=residual,
        item_df=min(suite.item_df for suite, square in zip(suites, squares, strict=True) if square > 0),
    )


def budget(suites: Sequence[Moments], weights: Sequence[float]) -> Budget:
    """Split the variance of a contrast of one data set, as plain numbers."""
    found = budgets(suites, weights)
    return replace(found, seed=float(found.seed), item=float(found.item), residual=float(found.residual))


def pessimistic(plan: Budget, seeds: int) -> Budget:
    """Return the budget with the seed part at its 80% upper limit: from three seeds it is poorly known."""
    between = plan.seed + plan.residual
    upper = between * (seeds - 1) / _chi2_quantile(1 - _SEED_LIMIT, seeds - 1)
    return replace(plan, seed=max(0.0, upper - plan.residual))


def power(
    plan: Budget, distance: Array, tail: float, seeds: Array, scale: Array = 1.0, *, both_ends: bool = False
) -> Floats:
    """Return the probability of showing that a contrast `distance` inside its condition meets it.

    The interval's half-width is √(t²·V_seed·X + t²·V_item). X, the estimated variance between seeds by the true one, is
    χ²/df with seeds-1 degrees of freedom and independent of the estimate; the item part is taken as known. Power is the
    mean over X of the normal probability. (A noncentral t with Satterthwaite's degrees of freedom says .98 where .93 is
    drawn: 3 seeds, items most of the variance.) `both_ends` asks for an interval inside ± a margin, both ends
    `distance` away.
    """
    seeds, scale = (np.asarray(each, dtype=float) for each in (seeds, scale))
    between, item = np.asarray((plan.seed + plan.residual / scale) / seeds), np.asarray(plan.item / scale)
    item_df = np.maximum((plan.item_df + 1) * scale - 1, 1.0)
    squares = stdtrit(seeds - 1, tail) ** 2 * between, stdtrit(item_df, tail) ** 2 * item
    width = np.sqrt(squares[0][..., None] * _chi2_over_df(seeds - 1) + squares[1][..., None])
    beyond = (np.asarray(distance)[..., None] - width) / np.sqrt(between + item)[..., None]
    met = ndtr(beyond).mean(axis=-1)
    return np.maximum(0.0, 2 * met - 1) if both_ends else np.asarray(met)


def _chi2_over_df(df: Floats) -> Floats:
    """Return quantiles of χ²/df in the middle of equal parts of the probability, ``(..., parts)``."""
    return np.stack([_quantiles(float(each)) for each in df.ravel()]).reshape(*df.shape, _PARTS)


@functools.lru_cache(maxsize=4096)
def _quantiles(df: float) -> Floats:
    return np.asarray(2 * gammaincinv(df / 2, (np.arange(_PARTS) + 0.5) / _PARTS) / df)


def _chi2_quantile(probability: float, df: float) -> float:
    return float(2 * gammaincinv(df / 2, probability))


def smallest_distance(plan: Budget, seeds: int, tail: float, *, both_ends: bool = False) -> float:
    """Return the smallest distance from a condition's boundary that is shown with 80% power."""
    unit = float(np.sqrt(plan.variance(seeds)))

    def lacking(multiple: float) -> float:
        return float(power(plan, multiple * unit, tail, seeds, both_ends=both_ends)) - POWER

    high = 4.0
    while lacking(high) < 0:
        high *= 2
    return root(lacking, 1e-6, high) * unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Standard deviations of a paired difference: between seeds, between items, and what is left per score."""

    seed_sd: float
    item_sd: float
    residual_sd: float

    def budget(self, items: int) -> Budget:
        """Return the variance of one suite's gap, by source, with independent items."""
        return Budget(
            seed=self.seed_sd**2,
            item=self.item_sd**2 / items,
            residual=self.residual_sd**2 / items,
            item_df=float(items - 1),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Detectable:
    """Smallest true effects shown with 80% power, in the metric's unit.

    `gap_in`, `gap_out` and `delta` away from 0; `margin_in` and `margin_out` are the narrowest equivalence
    margins that a true gap of 0 is shown to lie in.
    """

    gap_in: float
    gap_out: float
    delta: float
    margin_in: float
    margin_out: float


def detectable(
    *, seeds: int, items_in: int, items_out: int, inside: Spread, outside: Spread, alpha: float, comparisons: int
) -> Detectable:
    """Return what `seeds` (two or more) and the items of two suites can show, before anything is spent.

    Seed effects are taken as independent between the suites, which makes `delta` pessimistic where they go
    together. `alpha` is two-sided and shared between `comparisons` (Bonferroni).
    """
    tail = alpha / 2 / comparisons
    first, second = inside.budget(items_in), outside.budget(items_out)
    both = Budget(
        seed=first.seed + second.seed,
        item=first.item + second.item,
        residual=first.residual + second.residual,
        item_df=min(first.item_df, second.item_df),
    )
    return Detectable(
        gap_in=smallest_distance(first, seeds, tail),
        gap_out=smallest_distance(second, seeds, tail),
        delta=smallest_distance(both, seeds, tail),
        margin_in=smallest_distance(first, seeds, tail, both_ends=True),
        margin_out=smallest_distance(second, seeds, tail, both_ends=True),
    )
