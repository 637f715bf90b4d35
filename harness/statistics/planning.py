"""What a number of seeds and items can show, before a run; what it would take, after one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaincinv, nctdtr, ndtri

from harness.statistics.contrast import per_seed
from harness.statistics.critical import Array, Floats, critical_value
from harness.statistics.moments import Moments

POWER = 0.8
MAX_SEEDS = 200
"""A plan that asks for more seeds than this is reported as "more than"."""
MAX_SCALE = 1000.0
"""The largest multiple of the present items that a plan considers."""
_SEED_LIMIT = 0.8
"""Confidence of the upper limit of the variance between seeds that makes a plan a range."""
_FEWEST_SEEDS = 3
_MIXES = 40
"""How many seed counts are tried for the cheapest mix; all are exact up to about ten."""
_HALVINGS = 20
"""Six decades of multiples, halved so often, are known to a hundred-thousandth."""
_DF_CAP = 1e7
"""Beyond this many degrees of freedom the noncentral t is the normal to eight digits, and slower."""


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

    The standardised contrast is close to a noncentral t with (seeds-1)/w² degrees of freedom (Satterthwaite,
    the item part taken as known). `both_ends` asks for an interval inside ± a margin, both ends `distance` away.
    """
    variance, share = plan.variance(seeds, scale), plan.share(seeds, scale)
    item_df = np.maximum((plan.item_df + 1) * np.asarray(scale) - 1, 1.0)
    needed = critical_value(tail, share, np.asarray(seeds) - 1.0, item_df)
    df = np.minimum((np.asarray(seeds) - 1.0) / np.maximum(share, 1e-9) ** 2, _DF_CAP)
    met = _noncentral_t_above(needed, df, distance / np.sqrt(variance))
    return np.maximum(0.0, 2 * met - 1) if both_ends else met


def _chi2_quantile(probability: float, df: float) -> float:
    return float(2 * gammaincinv(df / 2, probability))


def _noncentral_t_above(value: Floats, df: Floats, centre: Floats) -> Floats:
    """Return the upper tail of the noncentral t, which is the lower one of its mirror image."""
    above = np.asarray(nctdtr(df, -centre, -value))
    # Far beyond the centre the series underflows to NaN.
    return np.where(np.isnan(above) & (value > centre), 0.0, above)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What it takes to meet a condition with 80% power.

    `seeds_alone` keeps the items, `scale_alone` (a multiple of the items) keeps the seeds; None where no number
    is enough. `seeds` and `scale` together are the cheapest mix by seeds x items, None beyond the limits.
    `seed_floor` and `scale_floor` hold however much there is of the other.
    """

    seeds_alone: int | None
    scale_alone: float | None
    seeds: int | None
    scale: float | None
    seed_floor: int
    scale_floor: float


def required(plan: Budget, distance: float, tail: float, present_seeds: int, *, both_ends: bool = False) -> Requirement:
    """Return the seeds and items that meet a condition, the estimate being `distance` inside it, if it is true."""
    every = np.arange(float(_FEWEST_SEEDS), MAX_SEEDS + 1)
    enough = every[power(plan, distance, tail, every, both_ends=both_ends) >= POWER]
    counts = np.unique(np.append(np.round(np.geomspace(_FEWEST_SEEDS, MAX_SEEDS, _MIXES)), present_seeds))
    scales = _smallest_scales(plan, distance, tail, counts, both_ends=both_ends)
    alone = scales[counts == present_seeds][0]
    cost = np.where(np.isfinite(scales), counts * np.maximum(scales, 1.0), np.inf)
    cost[counts < max(present_seeds, _FEWEST_SEEDS)] = np.inf
    best = int(np.argmin(cost))
    reachable = bool(np.isfinite(cost[best]))
    aim = 1 - (1 - POWER) / 2 if both_ends else POWER
    reach = float(ndtri(aim) - ndtri(tail)) ** 2 / distance**2
    return Requirement(
        seeds_alone=int(enough[0]) if len(enough) else None,
        scale_alone=float(max(alone, 1.0)) if np.isfinite(alone) else None,
        seeds=int(counts[best]) if reachable else None,
        scale=float(max(scales[best], 1.0)) if reachable else None,
        seed_floor=int(np.ceil(reach * plan.seed)),
        scale_floor=float(reach * plan.item),
    )


def _smallest_scales(plan: Budget, distance: float, tail: float, seeds: Floats, *, both_ends: bool) -> Floats:
    """Return per seed count the smallest multiple of the items that suffices, inf where none does."""
    low, high = np.full(len(seeds), -3.0), np.full(len(seeds), np.log10(MAX_SCALE))
    hopeless = power(plan, distance, tail, seeds, 10**high, both_ends=both_ends) < POWER
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        enough = power(plan, distance, tail, seeds, 10**middle, both_ends=both_ends) >= POWER
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.where(hopeless, np.inf, 10**high)


def smallest_distance(plan: Budget, seeds: int, tail: float, *, both_ends: bool = False) -> float:
    """Return the smallest distance from a condition's boundary that is shown with 80% power."""
    unit = float(np.sqrt(plan.variance(seeds)))

    def lacking(multiple: float) -> float:
        return float(power(plan, multiple * unit, tail, seeds, both_ends=both_ends)) - POWER

    high = 4.0
    while lacking(high) < 0:
        high *= 2
    return float(brentq(lacking, 1e-6, high)) * unit


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
