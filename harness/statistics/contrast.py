"""A contrast of suite gaps with its variance: the gap itself, the change between suites, the retained part."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from harness.statistics.critical import Array, Floats, critical_value, upper_tail
from harness.statistics.moments import Moments


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedVariance:
    """A variance between seeds from elsewhere: of one seed's contrast, with its degrees of freedom."""

    variance: Array
    df: float


SeedRule = Callable[[Sequence[Array]], SeedVariance | None]
"""Gives the variance between seeds of a contrast by its weights; None leaves it to the contrast's own seeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """An estimate with the two parts of its variance; arrays of the replicates' shape (0-d for one data set).

    `item_df` is 0-d as well where one suite alone is in the contrast.
    """

    estimate: Floats
    seed_variance: Floats
    item_variance: Floats
    seed_df: float
    item_df: Floats

    @property
    def variance(self) -> Floats:
        """Variance of the estimate under new seeds and new items."""
        return self.seed_variance + self.item_variance

    @property
    def se(self) -> Floats:
        """Standard error."""
        return np.sqrt(self.variance)

    @property
    def share(self) -> Floats:
        """The part of the variance that comes from seeds, w; 1 where there is no variance at all."""
        variance = self.variance
        return np.divide(self.seed_variance, variance, out=np.ones_like(variance), where=variance > 0)

    @property
    def df(self) -> Floats:
        """Satterthwaite's degrees of freedom of the whole variance: a summary, no interval is made from it."""
        parts = self.seed_variance**2 / max(self.seed_df, 1e-300) + self.item_variance**2 / self.item_df
        return np.divide(self.variance**2, parts, out=np.full_like(parts, np.inf), where=parts > 0)

    def margin(self, tail: float) -> Floats:
        """Half-width of the interval that leaves `tail` on each side."""
        if self.seed_df <= 0:
            critical = critical_value(tail, 0.0, 1.0, self.item_df)
        else:
            critical = critical_value(tail, self.share, self.seed_df, self.item_df)
        return critical * self.se

    def interval(self, tail: float) -> tuple[Floats, Floats]:
        """Lower and upper confidence limit, each exceeded with probability `tail`."""
        margin = self.margin(tail)
        return self.estimate - margin, self.estimate + margin

    def p_above(self, bound: float) -> float:
        """One-sided p-value of "the contrast is above `bound`", for one data set."""
        return self._beyond(float(self.estimate) - bound)

    def p_below(self, bound: float) -> float:
        """One-sided p-value of "the contrast is below `bound`"."""
        return self._beyond(bound - float(self.estimate))

    def _beyond(self, excess: float) -> float:
        if float(self.variance) == 0:
            return 0.0 if excess > 0 else 1.0
        share = 0.0 if self.seed_df <= 0 else float(self.share)
        return upper_tail(excess / float(self.se), share, max(self.seed_df, 1.0), float(self.item_df))

    def p_inside(self, bound: float) -> float:
        """p-value of "the contrast is inside ±`bound`": the larger of two one-sided ones (Schuirmann 1987)."""
        return max(self.p_above(-bound), self.p_below(bound))

    def p_zero(self) -> float:
        """Two-sided p-value of "the contrast is 0"."""
        return min(1.0, 2 * min(self.p_above(0.0), self.p_below(0.0)))


def contrast(
    suites: Sequence[Moments], weights: Sequence[Array], *, seed_variance: SeedVariance | None = None
) -> Contrast:
    """Return Σ weightᵢ·gapᵢ over suites that were scored with the same trained models, seed for seed.

    The variance between seeds is that of the per-seed contrast, so it holds whatever covariance between the
    suites the shared models bring, and the residual. The suites' items are independent: their variances add and
    their degrees of freedom combine as Satterthwaite (1946) has it. `seed_variance` replaces the estimate from
    these seeds by one that was declared from earlier work; with a single seed and none declared the result holds for
    this one checkpoint, with `seed_df` 0.
    """
    scores = per_seed(suites, weights)
    seeds = scores.shape[-1]
    between, df = _between_seeds(scores, seed_variance)
    pairs = [pair for pair in zip(suites, weights, strict=True) if np.any(pair[1])]
    parts = [np.asarray(weight) ** 2 * suite.item_variance for suite, weight in pairs]
    return Contrast(
        estimate=scores.mean(axis=-1),
        seed_variance=np.asarray(between / seeds + np.zeros(scores.shape[:-1])),
        item_variance=np.asarray(sum(parts)),
        seed_df=df,
        item_df=_satterthwaite(parts, [suite.item_df for suite, _ in pairs]),
    )


def per_seed(suites: Sequence[Moments], weights: Sequence[Array]) -> Floats:
    """Return the contrast of each seed, ``(..., seeds)``."""
    pairs = zip(suites, weights, strict=True)
    return np.asarray(sum(np.asarray(weight)[..., None] * suite.row_means for suite, weight in pairs))


def _between_seeds(scores: Floats, given: SeedVariance | None) -> tuple[Array, float]:
    if given is not None:
        return given.variance, given.df
    if scores.shape[-1] == 1:
        return 0.0, 0.0
    return np.var(scores, axis=-1, ddof=1), float(scores.shape[-1] - 1)


def _satterthwaite(parts: Sequence[Floats], dfs: Sequence[float]) -> Floats:
    if len(parts) == 1:
        return np.asarray(dfs[0])
    whole = np.asarray(sum(parts))
    spread = np.asarray(sum(part**2 / df for part, df in zip(parts, dfs, strict=True)))
    # Without any item variance its weight is 0 and the quantile is not used.
    none = np.full(whole.shape, min(dfs))
    return np.asarray(np.divide(whole**2, spread, out=none, where=spread > 0))
