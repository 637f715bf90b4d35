"""What it would take: for each label that the estimates allow, the seeds and items with which it would be shown.

A condition is pointed at where the estimate lies at least the smallest effect of interest on its side, a margin where
the estimate lies inside it. A label is listed where each of its conditions is met or pointed at. What seeds and items
cost is not known here: for numbers of seeds the least multiple of the items is returned; `price` chooses among them.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.compare.design import Design
from harness.compare.scores import SuiteScores
from harness.statistics.moments import Moments
from harness.statistics.planning import budget
from harness.statistics.sample_size import Aim, enough, floors
from harness.verdict.estimates import Need, NeedOfLabel, SeedsAndItems


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """A condition and the contrast that it is about; how far inside it the estimate is, at each of its ends.

    `distances` has one end, or both of a margin; a negative one is outside. `least` is how far inside the estimate must
    be for the condition to be pointed at: the smallest effect of interest, or 0.
    """

    name: str
    suites: Sequence[Moments]
    weights: Sequence[float]
    distances: tuple[float, ...]
    least: float = 0.0

    @property
    def pointed_at(self) -> bool:
        """Whether the estimate lies far enough on the condition's side."""
        return min(self.distances) >= self.least and min(self.distances) > 0

    @property
    def aim(self) -> Aim:
        """What would have to be shown, the estimate being the truth."""
        first, *others = self.distances
        return Aim(budget=budget(self.suites, self.weights), distance=first, other=others[0] if others else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A label, whether it settles the question, its conditions, and the names of those that are not met.

    A plan is for all of the conditions: one that is met now may be missed by the next run.
    """

    label: str
    decisive: bool
    conditions: tuple[Distance, ...]
    missed: tuple[str, ...]


def available_of(design: Design, suites: Sequence[SuiteScores]) -> dict[str, int]:
    """Return how many items the suites have, as far as it is known; of fixed items there are no more."""
    found = {each.suite.task: design.available.get(each.suite.task) for each in suites}
    found |= {each.suite.task: each.items for each in suites if each.suite.fixed_items}
    return {task: count for task, count in found.items() if count is not None}


def need_of(
    goals: Sequence[Goal], *, seeds: int, items: Mapping[str, int], available: Mapping[str, int], tail: float
) -> Need | None:
    """Return what each of the `goals` would take; None where there is none, or one seed, which shows no variance.

    `items` are those that were scored, by task, `available` those that the suites have, as far as that is known. More
    items are taken of all suites alike, and no more than the suite has that runs out first.
    """
    if seeds < 2 or not goals:  # noqa: PLR2004 - a variance takes two
        return None
    most = min(available.get(task, count) / count for task, count in items.items())
    return Need(
        seeds=seeds,
        items=items,
        available={task: available.get(task) for task in items},
        labels=tuple(_of_label(goal, seeds, max(1.0, most), tail) for goal in goals),
    )


def _of_label(goal: Goal, seeds: int, most: float, tail: float) -> NeedOfLabel:
    aims = [each.aim for each in goal.conditions]
    noisier = [each.at_upper_limit(seeds) for each in aims]
    least = floors(aims, tail)
    return NeedOfLabel(
        label=goal.label,
        decisive=goal.decisive,
        missed=goal.missed,
        enough=tuple(_mixes(aims, seeds, most, tail)),
        enough_at_upper_limit=tuple(_mixes(noisier, seeds, most, tail)),
        least_seeds=least.seeds,
        least_items=least.items,
    )


def _mixes(aims: Sequence[Aim], seeds: int, most: float, tail: float) -> Iterator[SeedsAndItems]:
    for mix in enough(aims, tail, present=seeds, most_items=most):
        # Rounded up: what is said is then still enough, and the same on every machine.
        yield SeedsAndItems(seeds=mix.seeds, items=min(most, math.ceil(1000 * mix.items - 1e-6) / 1000))
