"""The seeds and items with which several conditions are shown together, if the truth is as estimated.

The chance to miss one of them is at most the sum of the chances to miss each, which is what is held to a fifth.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from harness.statistics.critical import Array, Floats
from harness.statistics.planning import POWER, Budget, pessimistic, power

AIM = 0.82
"""What a plan aims at to keep its promise of `POWER`: the item part, which is taken as known, is estimated too."""
MAX_SEEDS = 200
"""A plan that asks for more seeds than this is out of reach."""
_COUNTS = 40
"""How many numbers of seeds are tried; all are exact up to about ten."""
_HALVINGS = 20
"""Any multiple of the items, halved so often, is known to a hundred-thousandth."""
_STILL = 1e-3
"""What a contrast without any variance is taken to vary by, in parts of the distance that is to be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """A condition to be shown: the variance of its contrast, and how far inside the condition the truth is taken to be.

    `distance` is from the boundary; `other` from the other end of a margin, None for a condition with one end.
    """

    budget: Budget
    distance: float
    other: float | None = None

    @property
    def nearest(self) -> float:
        """The distance to the nearer end."""
        return self.distance if self.other is None else min(self.distance, self.other)

    def missed(self, tail: float, seeds: Array, scale: Array) -> Floats:
        """Return the chance that it is not shown, each end tested at `tail`."""
        ends = [self.distance] if self.other is None else [self.distance, self.other]
        still = float(self.budget.variance(1.0)) <= 0
        plan = replace(self.budget, item=(_STILL * self.nearest) ** 2) if still else self.budget
        return np.asarray(np.minimum(1.0, sum(1 - power(plan, end, tail, seeds, scale) for end in ends)))

    def at_upper_limit(self, seeds: int) -> "Aim":
        """Return the aim with the variance between `seeds` seeds at its 80% upper limit."""
        return replace(self, budget=pessimistic(self.budget, seeds))


@dataclass(frozen=True, slots=True)
class Mix:
    """So many seeds, with so many times the present items."""

    seeds: int
    items: float


def chance(aims: Sequence[Aim], tail: float, seeds: Array, scale: Array = 1.0) -> Floats:
    """Return a lower bound of the probability that all are shown (Bonferroni's inequality)."""
    return np.asarray(np.maximum(0.0, 1 - sum(each.missed(tail, seeds, scale) for each in aims)))


def enough(aims: Sequence[Aim], tail: float, *, present: int, most_items: float = 1.0) -> tuple[Mix, ...]:
    """Return what shows all `aims` four times in five: for numbers of seeds the least multiple of the items.

    A little more often than that is aimed at (`AIM`). Fewest seeds first, from the `present` ones; the last needs no
    more items than there are. `most_items` is the largest multiple that there are items for. Empty where nothing up to
    `MAX_SEEDS` is enough.
    """
    spaced = np.round(np.geomspace(present, MAX_SEEDS, _COUNTS)) if present < MAX_SEEDS else [present]
    counts = np.unique(np.asarray(spaced, dtype=float))
    scales = _least(aims, tail, counts, max(1.0, most_items))
    found = [Mix(int(count), float(scale)) for count, scale in zip(counts, scales, strict=True) if np.isfinite(scale)]
    whole = next((place for place, mix in enumerate(found) if mix.items == 1), len(found))
    return tuple(found[: whole + 1])


def _least(aims: Sequence[Aim], tail: float, seeds: Floats, most: float) -> Floats:
    """Return per number of seeds the least multiple of the items, 1 or more, that suffices; inf where none does."""
    shown = chance(aims, tail, seeds) >= AIM
    hopeless = ~shown & (chance(aims, tail, seeds, most) < AIM)
    low, high = np.zeros(len(seeds)), np.full(len(seeds), np.log(most))
    for _ in range(_HALVINGS if most > 1 else 0):
        middle = (low + high) / 2
        suffices = chance(aims, tail, seeds, np.exp(middle)) >= AIM
        low, high = np.where(suffices, low, middle), np.where(suffices, middle, high)
    return np.where(shown, 1.0, np.where(hopeless, np.inf, np.exp(high)))


@dataclass(frozen=True, slots=True)
class Floors:
    """The fewest seeds, and the least multiple of the items, however much there is of the other."""

    seeds: int
    items: float


def floors(aims: Sequence[Aim], tail: float) -> Floors:
    """Return what neither can make up for: (z_tail + z_power)²·σ²/d², the largest over the aims."""
    reach = float(ndtri(POWER) - ndtri(tail)) ** 2
    return Floors(
        seeds=max(int(np.ceil(reach * float(each.budget.seed) / each.nearest**2)) for each in aims),
        items=max(reach * float(each.budget.item) / each.nearest**2 for each in aims),
    )
