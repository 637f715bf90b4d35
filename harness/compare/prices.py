"""What declared prices make of measured times: what a run saves, what answers cost, what a budget buys.

A spec declares ``cost.per_hour`` of the machine, and perhaps ``cost.budget``. Everything else was measured here: the
time of all stages of a cell, and tokens a second of one request at a time. Full fine-tuning answers as fast as the base
model does, whose shapes it has.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.compare.costs import RecipeCosts, RunCosts
from harness.spec.records import Recipe

HOUR = 3600.0
_TOKENS = 1000
_ROUNDING = 1e-9
"""What divides without a rest does so in binary numbers too."""

DYNAMIC, MERGED, BASE = "adapter", "merged", "base"
"""The forms in which an adapter answers, and that of full fine-tuning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipePrices:
    """One recipe's prices in the currency of ``cost.per_hour``; None for what no price or time is known of.

    `saving` is the share of full fine-tuning's time, and so of its price, that a run saves; `run` the price of one run
    and `runs` how many a budget buys. `per_thousand` is the price of 1,000 generated tokens by form, ``base``,
    ``adapter`` (dynamic) and ``merged``. Up to `break_even` tokens, training and answering by the adapter together cost
    less than with full fine-tuning, infinity where always.
    """

    recipe: str
    saving: float | None = None
    run: float | None = None
    runs: int | None = None
    per_thousand: Mapping[str, float] = field(default_factory=dict)
    break_even: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """The prices of all recipes; `full` names the full fine-tuning that they are held against, None without one."""

    full: str | None
    recipes: tuple[RecipePrices, ...]
    per_hour: float | None
    budget: float | None
    timed: bool
    """Whether the speed of answers was measured of any recipe."""


def prices_of(costs: RunCosts, recipes: Sequence[Recipe], cost: Mapping[str, float]) -> Prices:
    """Return what the costs of a run come to at declared prices, the spec's `cost`."""
    per_hour, budget = cost.get("per_hour"), cost.get("budget")
    full = full_of([each.id for each in recipes if each.method == "full"], costs.reference)
    known = {each.recipe: each for each in costs.recipes}
    return Prices(
        full=full,
        recipes=tuple(_prices(each, known.get(full or ""), per_hour, budget) for each in costs.recipes),
        per_hour=per_hour,
        budget=budget,
        timed=any(each.serving is not None and each.serving.latency for each in costs.recipes),
    )


def full_of(full: Sequence[str], reference: str) -> str | None:
    """Return the full fine-tuning that others are held against: the reference where it is one, else the first."""
    return reference if reference in full else next(iter(full), None)


def saving_of(seconds: float, full_seconds: float | None) -> float | None:
    """Return the share of full fine-tuning's time that is saved, below 0 where more is taken."""
    return 1 - seconds / full_seconds if full_seconds else None


def runs_of(budget: float | None, price: float | None) -> int | None:
    """Return how many runs at a price a budget buys; None where one of them is not known, or a run costs nothing."""
    return None if budget is None or not price else math.floor(budget / price * (1 + _ROUNDING))


def break_even(training: tuple[float, float], token: tuple[float, float]) -> float | None:
    """Return up to how many tokens a recipe costs less in all than full fine-tuning, which comes second in each pair.

    Infinity where it always does, None where it never does: the sums ``training + tokens * token`` cross there.
    """
    saved, dearer = training[1] - training[0], token[0] - token[1]
    if dearer <= 0:
        return math.inf if saved >= 0 else None
    return saved / dearer if saved > 0 else None


def _prices(each: RecipeCosts, full: RecipeCosts | None, per_hour: float | None, budget: float | None) -> RecipePrices:
    other = full if full is not None and full.recipe != each.recipe else None
    run = None if per_hour is None else each.seconds / HOUR * per_hour
    per_thousand = _per_thousand(each, per_hour)
    return RecipePrices(
        recipe=each.recipe,
        saving=None if other is None else saving_of(each.seconds, other.seconds),
        run=run,
        runs=runs_of(budget, run),
        per_thousand=per_thousand,
        break_even=None if other is None or per_hour is None else _volume(each, other, per_thousand, per_hour),
    )


def _volume(each: RecipeCosts, full: RecipeCosts, per_thousand: Mapping[str, float], per_hour: float) -> float | None:
    """Return up to how many tokens a recipe costs less in all, None where its answers were not timed."""
    if not {DYNAMIC, BASE} <= per_thousand.keys():
        return None
    training = each.seconds / HOUR * per_hour, full.seconds / HOUR * per_hour
    return break_even(training, (per_thousand[DYNAMIC] / _TOKENS, per_thousand[BASE] / _TOKENS))


def _per_thousand(each: RecipeCosts, per_hour: float | None) -> dict[str, float]:
    if per_hour is None or each.serving is None:
        return {}
    timed = each.serving.latency
    return {form: per_hour / HOUR * _TOKENS / found.tokens_per_second for form, found in timed.items()}
