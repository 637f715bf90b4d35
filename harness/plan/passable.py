"""Whether the rules of a declared gate can be passed at all, before anything is trained."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from harness.spec.looks import shares
from harness.spec.records import Experiment, Suite
from harness.statistics.planning import POWER, Budget, Spread, power, smallest_distance
from harness.statistics.sample_size import MAX_SEEDS

_ROLES = {
    "not-worse": ("in_domain", "out_of_domain"),
    "not-worse-in-domain": ("in_domain",),
    "not-worse-out-of-domain": ("out_of_domain",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PassableRule:
    """A rule on one suite: its margin, and what a candidate passes four times in five that is as good as the reference.

    `narrowest` is the margin that the planned seeds and items pass, None with a single seed; `seeds` are the fewest
    that pass the declared one with the planned items, None where 200 do not.
    """

    rule: str
    task: str
    metric: str
    margin: float
    narrowest: float | None
    seeds: int | None

    @property
    def passable(self) -> bool:
        """Whether the plan does."""
        return self.narrowest is not None and self.narrowest <= self.margin


def passable_rules(
    experiment: Experiment, items: Mapping[str, int], comparisons: int, spread_of: Callable[[Suite], Spread]
) -> Iterator[PassableRule]:
    """Yield the rules of the spec's gate that are about the smallest effect of interest, by suite."""
    share = shares(experiment.looks)[-1] if experiment.looks else 1.0
    tail, seeds = share * experiment.comparison.alpha / 2 / comparisons, len(experiment.seeds)
    declared = experiment.comparison.gate.get("rules", ())
    for rule in declared if isinstance(declared, list | tuple) else ():
        for suite in (each for each in experiment.suites if each.role in _ROLES.get(rule, ())):
            budget = spread_of(suite).budget(items[suite.task])
            margin = experiment.sesoi_of(suite)
            yield PassableRule(
                rule=rule,
                task=suite.task,
                metric=suite.metric,
                margin=margin,
                narrowest=smallest_distance(budget, seeds, tail) if seeds > 1 else None,
                seeds=_fewest(budget, margin, tail),
            )


def _fewest(budget: Budget, margin: float, tail: float) -> int | None:
    counts = range(2, MAX_SEEDS + 1)
    return next((count for count in counts if float(power(budget, margin, tail, count)) >= POWER), None)
