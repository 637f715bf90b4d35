"""Budget first: the seeds and items that fit into a time, what they can show, and what twice the time would.

More seeds show more at the same items, so that each number of items is tried with all the seeds that then fit. What is
compared is the smallest true effect that is shown four times in five, as a part of the smallest effect of interest, of
the suite where that is largest: the same is the margin from which a candidate as good as the reference is shown not to
be worse.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from harness.errors import UsageError
from harness.plan.costs import CellCost, Estimate
from harness.plan.power import DetectableEffects
from harness.spec.records import Experiment
from harness.statistics.critical import primary_comparisons
from harness.statistics.planning import Spread, smallest_distance
from harness.statistics.sample_size import MAX_SEEDS

FEWEST = 2
_PARTS = (1.0, 0.5, 0.25)
_FIRST_LOOK = 3
_TIME = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>h|min|m|s|d)?")
_SECONDS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """So many `seeds`, items of each suite up to `limit`, their seconds, and what they show.

    `effects` are the smallest true effects by task, in the metric's unit; `multiple` is the largest of them over the
    smallest effect of interest of its suite.
    """

    seeds: int
    limit: int
    seconds: float
    effects: Mapping[str, float]
    multiple: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAtThree:
    """What a look at three seeds would cost of the fit, and when the run could stop."""

    seconds: float
    multiple: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """What fits into `seconds`: the best, None where two seeds do not; that of twice the time.

    `least` is the cheapest that shows anything of recipes, `enough` the cheapest that shows the smallest effect of
    interest everywhere, None where 200 seeds of these items do not. `assumed` names what variances rest on nothing.
    """

    seconds: float
    best: Fit | None
    doubled: Fit | None
    least: Fit
    enough: Fit | None
    look: LookAtThree | None
    assumed: tuple[str, ...]


def seconds_of(text: str, per_hour: float | None) -> float:
    """Return a budget in seconds: ``2h``, ``90min``, or a plain number, a price at so much an hour.

    Raises `UsageError` for anything else, and for a price where none is declared.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None or float(match["number"]) == 0:
        raise UsageError(f"--within takes a time such as 2h, 90min or 1.5d, or a price such as 12.50; got {text!r}.")
    number = float(match["number"])
    if match["unit"]:
        return number * _SECONDS[match["unit"]]
    if not per_hour:
        raise UsageError(
            f'--within {text} is a price, and the spec declares none: give it `"cost": {{"per_hour": …}}`, or a time '
            f"such as {text}h."
        )
    return number / per_hour * 3600


def within(experiment: Experiment, estimate: Estimate, effects: Sequence[DetectableEffects], seconds: float) -> Within:
    """Return what fits; `effects` hold the variances of each suite, `estimate` what cells take."""
    plan = _Plan(experiment, estimate, effects)
    best = plan.best(seconds)
    return Within(
        seconds=seconds,
        best=best,
        doubled=plan.best(2 * seconds),
        least=plan.fit(FEWEST, min(plan.limits)),
        enough=plan.enough(),
        look=None if best is None or best.seeds <= _FIRST_LOOK else plan.with_look(best),
        assumed=tuple(dict.fromkeys(name for each in effects for name in each.assumed)),
    )


def seeds_of(experiment: Experiment, count: int) -> tuple[int, ...]:
    """Return so many seeds: the spec's own first, then the numbers after the largest."""
    own = experiment.seeds[:count]
    after = max(experiment.seeds, default=0)
    return (*own, *range(after + 1, after + 1 + count - len(own)))


class _Plan:
    def __init__(self, experiment: Experiment, estimate: Estimate, effects: Sequence[DetectableEffects]) -> None:
        self.experiment, self.estimate = experiment, estimate
        self.spreads = dict(_spreads(effects))
        self.items = {task: estimate.suites[task][0] for task in estimate.suites}
        most = max(self.items.values())
        self.limits = sorted({max(2, ceil(part * most)) for part in _PARTS}, reverse=True)
        counts = [len(experiment.suites_of(role)) for role in ("in_domain", "out_of_domain")]
        comparison = experiment.comparison
        self.tail = comparison.alpha / 2 / primary_comparisons(len(comparison.candidates), *counts)
        arms = set(experiment.arm_names)
        self.once = [each for each in estimate.cells if each.recipe not in arms]
        self.by_recipe = _first_of_each(each for each in estimate.cells if each.recipe in arms)

    def seconds(self, seeds: int, limit: int) -> float:
        """Return the search, what is scored once, and all seeds of all recipes."""
        scored = self._scored(limit)
        once = sum(each.train_seconds + scored * each.evaluate_seconds for each in self.once)
        a_seed = sum(each.train_seconds + scored * each.evaluate_seconds for each in self.by_recipe)
        return (self.estimate.search_seconds + once + seeds * a_seed) / self.estimate.at_once

    def _scored(self, limit: int) -> float:
        """Return the part of the tokens of all suites that a limit leaves."""
        whole = sum(items * tokens for items, tokens in self.estimate.suites.values())
        left = sum(min(items, limit) * tokens for items, tokens in self.estimate.suites.values())
        return left / whole if whole else 1.0

    def fit(self, seeds: int, limit: int, share: float = 1.0) -> Fit:
        """Return what so many seeds and items show; `share` is the part of the error rate that is left for all."""
        effects = {
            task: smallest_distance(spread.budget(min(self.items[task], limit)), seeds, share * self.tail)
            for task, spread in self.spreads.items()
        }
        return Fit(
            seeds=seeds,
            limit=limit,
            seconds=self.seconds(seeds, limit),
            effects=effects,
            multiple=max(effect / self._margin(task) for task, effect in effects.items()),
        )

    def _margin(self, task: str) -> float:
        (suite,) = (each for each in self.experiment.suites if each.task == task)
        return self.experiment.sesoi_of(suite)

    def best(self, seconds: float) -> Fit | None:
        """Return what shows most within a time; of equals the first, with all items."""
        fits = [self.fit(seeds, limit) for limit in self.limits if (seeds := self._most(seconds, limit)) >= FEWEST]
        return min(fits, key=lambda each: each.multiple, default=None)

    def _most(self, seconds: float, limit: int) -> int:
        none = self.seconds(0, limit)
        a_seed = self.seconds(1, limit) - none
        return MAX_SEEDS if a_seed <= 0 else min(MAX_SEEDS, int((seconds - none) / a_seed + 1e-9))

    def enough(self) -> Fit | None:
        """Return the cheapest that shows the smallest effect of interest on every suite."""
        found = [fit for limit in self.limits if (fit := self._fewest(limit)) is not None]
        return min(found, key=lambda each: each.seconds, default=None)

    def _fewest(self, limit: int) -> Fit | None:
        low, high = FEWEST, MAX_SEEDS
        if self.fit(high, limit).multiple > 1:
            return None
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self.fit(middle, limit).multiple <= 1 else (middle + 1, high)
        return self.fit(low, limit)

    def with_look(self, best: Fit) -> LookAtThree:
        """Return the fit with a look at three seeds, which shares the error rate."""
        share = (best.seeds - _FIRST_LOOK) / best.seeds
        multiple = self.fit(best.seeds, best.limit, share).multiple
        return LookAtThree(seconds=self.seconds(_FIRST_LOOK, best.limit), multiple=multiple)


def _spreads(effects: Sequence[DetectableEffects]) -> Iterator[tuple[str, Spread]]:
    for each in effects:
        yield each.in_domain, each.spread
        if each.out_of_domain is not None and each.spread_out is not None:
            yield each.out_of_domain, each.spread_out


def _first_of_each(cells: Iterator[CellCost]) -> list[CellCost]:
    found: dict[str, CellCost] = {}
    for each in cells:
        found.setdefault(each.recipe, each)
    return list(found.values())
