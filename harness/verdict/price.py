"""What a needed sample costs: of the plans that are enough, the cheapest by what a seed and an item took in this run.

Times are measured and differ from machine to machine, so nothing here is part of ``verdict.json``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.compare.costs import RunCosts
from harness.compare.design import BASE
from harness.verdict.estimates import Need, NeedOfLabel, SeedsAndItems


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Seconds a seed: of training, and of scoring the present items, both arms together."""

    training: float
    scoring: float

    def of(self, mix: SeedsAndItems) -> float:
        """Return the seconds of so many seeds and items, anew from the first."""
        return mix.seeds * (self.training + mix.items * self.scoring)


ALIKE = Price(training=1.0, scoring=1.0)
"""Where nothing was timed: a training counts as much as scoring the present items."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The cheapest that is enough for a label, and the cheapest at the upper limit of the variance between seeds.

    `low` is None where the label is out of reach, `high` where it is at that limit.
    """

    need: NeedOfLabel
    low: SeedsAndItems | None
    high: SeedsAndItems | None


def plans(need: Need, price: Price) -> tuple[Plan, ...]:
    """Return a plan a label, cheapest first; those out of reach come last, in the order of the rules."""
    found = [
        Plan(need=each, low=_cheapest(each.enough, price), high=_cheapest(each.enough_at_upper_limit, price))
        for each in need.labels
    ]
    return tuple(sorted(found, key=lambda plan: float("inf") if plan.low is None else price.of(plan.low)))


def _cheapest(mixes: Sequence[SeedsAndItems], price: Price) -> SeedsAndItems | None:
    return min(mixes, key=price.of, default=None)


def price_of(costs: RunCosts, arms: Sequence[str], tasks: Sequence[str]) -> Price | None:
    """Return what a seed of `arms` took with the suites `tasks`; None where one of them has no finished cell.

    What a cell does beside scoring these suites is training. The untuned model is there once, and costs no seed.
    """
    trained = [arm for arm in arms if arm != BASE]
    found = {each.recipe: each for each in costs.recipes}
    if not trained or any(arm not in found for arm in trained):
        return None
    scoring = sum(found[arm].evaluate_seconds.get(task, 0.0) for arm in trained for task in tasks)
    return Price(training=sum(found[arm].seconds for arm in trained) - scoring, scoring=scoring)


def cheapest(found: Sequence[Plan], *, decisive: bool) -> Plan | None:
    """Return the cheapest plan in reach, of those for decisive labels where that is asked."""
    wanted = (plan for plan in found if plan.low is not None and (plan.need.decisive or not decisive))
    return next(wanted, None)
