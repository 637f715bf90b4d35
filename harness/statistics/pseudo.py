"""Pseudo-values: what each item contributes to a score that is no mean over items (Tukey's jackknife).

With θ the score of all K units and θ₍ₖ₎ the score without unit k, its pseudo-value is Kθ - (K-1)θ₍ₖ₎. For a mean they
are the items' own values. For a score that moves smoothly with each of many units they behave like the values of
independent items whose mean is the score, so that whatever is made for means serves (Miller 1974). Units are items, or
clusters where items depend on each other. A median or a maximum does not move smoothly: no pseudo-values are made.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from harness.statistics.critical import Floats

Units = npt.NDArray[np.int64]
"""The number from 0 of each item's unit, ``(items,)``."""


class Corpus(Protocol):
    """A model's answers to all items, as far as a score over all of them needs them."""

    def score(self) -> Floats:
        """Return the score over all items, ``(...)``."""

    def without(self, units: Units) -> Floats:
        """Return the score without each unit in turn, ``(..., units)``; NaN where nothing is left to score."""


@dataclass(frozen=True, slots=True)
class Additive:
    """A score made of sums over items: `parts` are ``(..., items, k)``, `of_sums` takes ``(..., k)`` to ``(...)``."""

    parts: Floats
    of_sums: Callable[[Floats], Floats]

    def score(self) -> Floats:
        """Return the score of the sums over all items."""
        return self.of_sums(self.parts.sum(axis=-2))

    def without(self, units: Units) -> Floats:
        """Return the score of the sums less each unit's."""
        order = np.argsort(units, kind="stable")
        starts = np.flatnonzero(np.diff(units[order], prepend=-1))
        of_units = np.add.reduceat(self.parts[..., order, :], starts, axis=-2)
        return self.of_sums(self.parts.sum(axis=-2)[..., None, :] - of_units)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The area under the ROC curve: how often a positive item's value is above a negative one's, ties half.

    `positive` and `values` are ``(items,)``. NaN without an item of each kind.
    """

    positive: npt.NDArray[np.bool_]
    values: Floats

    def score(self) -> Floats:
        """Return the area."""
        return _area(_wins(self.values, self.positive).sum() / 2, self.positive.sum(), (~self.positive).sum())

    def without(self, units: Units) -> Floats:
        """Return the area without each unit: pairs within it were counted from both of their ends."""
        wins = _wins(self.values, self.positive)
        positives, negatives = _counts(units, self.positive), _counts(units, ~self.positive)
        left = wins.sum() / 2 - _counts(units, wins) + self._inside(units, negatives)
        return _area(left, self.positive.sum() - positives, (~self.positive).sum() - negatives)

    def _inside(self, units: Units, negatives: Floats) -> Floats:
        """Return the pairs within each unit that are in the right order, by ranks of unit and value together."""
        order = np.unique(self.values, return_inverse=True)[1]
        keys = np.asarray(units * (len(order) + 1.0) + order, dtype=np.float64)
        up = units[self.positive]
        below = _between(np.sort(keys[~self.positive]), keys[self.positive])
        return _counts(up, below - (np.cumsum(negatives) - negatives)[up], len(negatives))


def _counts(units: Units, weights: npt.ArrayLike, count: int = 0) -> Floats:
    return np.asarray(np.bincount(units, weights=weights, minlength=count), dtype=np.float64)


def _between(ordered: Floats, values: Floats) -> Floats:
    """Return how many of `ordered` lie below each value, those that equal it half."""
    sides = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    return np.asarray(sides / 2, dtype=np.float64)


def pseudo_values(corpus: Corpus, units: Units) -> Floats:
    """Return each unit's pseudo-value, ``(..., units)``, shifted together so that their mean is the score itself.

    Raises ValueError where the score hangs on a single unit: without it there is none.
    """
    score, without = corpus.score(), corpus.without(units)
    if not (np.isfinite(without).all() and np.isfinite(score).all()):
        raise ValueError("without one of its units there is no score")
    raw = -(without.shape[-1] - 1) * without
    return np.asarray(np.asarray(score)[..., None] + raw - raw.mean(axis=-1, keepdims=True))


def _wins(values: Floats, positive: npt.NDArray[np.bool_]) -> Floats:
    """Return, for each item, the pairs with items of the other kind that are in the right order, ties half."""
    up, down = np.sort(values[positive]), np.sort(values[~positive])
    return np.where(positive, _between(down, values), len(up) - _between(up, values))


def _area(wins: npt.ArrayLike, positives: npt.ArrayLike, negatives: npt.ArrayLike) -> Floats:
    pairs = np.asarray(positives, dtype=float) * np.asarray(negatives)
    return np.asarray(np.divide(wins, pairs, out=np.full(pairs.shape, np.nan), where=pairs > 0))
