"""The units of a plan, for launchers: what `harness run --cells` takes, with the memory and the time of each.

Ids follow from content. Where the plan had to assume content that is not in the cache, or a search still has to say
what cells train with, an id would be another one later: such units are counted and not named.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.plan.costs import CellCost, Estimate
from harness.plan.phases import PHASES
from harness.spec.records import Experiment


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedUnit:
    """A trial or cell: `memory` in bytes at its peak, its `seconds`, `after` what ends before it."""

    id: str
    kind: Literal["trial", "cell"]
    recipe: str
    memory: int
    seconds: float
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """The units whose ids are known, how many more there are, about, and why these have none."""

    units: tuple[PlannedUnit, ...]
    later: int = 0
    reason: str = ""


def units_of(experiment: Experiment, estimate: Estimate) -> Units:
    """Return the units of an estimate in the order in which a run takes them."""
    total = len(estimate.trials) + len(estimate.cells)
    if estimate.absent or estimate.reasons:
        unknown = ", ".join((*estimate.absent, *estimate.reasons))
        return Units(units=(), later=total, reason=f"ids follow from content that is not at hand: {unknown}")
    if experiment.tune is None and experiment.search is None:
        return Units(units=tuple(_cells(experiment, estimate.cells)))
    base = tuple(_cells(experiment, estimate.cells[:1]))
    # Trials of later phases follow from others, and go by the name of their phase.
    trials = {each.cell: each for each in estimate.trials if each.recipe not in PHASES.values()}
    known = (*base, *(_unit(each, "trial", tuple(one.id for one in base)) for each in trials.values()))
    return Units(units=known, later=total - len(known), reason="the search says what the others train with")


def _cells(experiment: Experiment, cells: Sequence[CellCost]) -> Iterator[PlannedUnit]:
    matched = {each.id: each.compute.recipe for each in experiment.recipes if each.compute is not None}
    adapted = set(experiment.arm_names)
    latest: dict[str, str] = {}
    for place, cost in enumerate(cells):
        before = [cells[0].cell] if place and cost.recipe in adapted else []
        # Seed by seed, a recipe comes after the one that it spends as much as.
        before += [latest[each] for each in (matched.get(cost.recipe),) if each in latest]
        latest[cost.recipe] = cost.cell
        yield _unit(cost, "cell", tuple(before))


def _unit(cost: CellCost, kind: Literal["trial", "cell"], after: tuple[str, ...]) -> PlannedUnit:
    return PlannedUnit(
        id=cost.cell, kind=kind, recipe=cost.recipe, memory=cost.memory, seconds=cost.seconds, after=after
    )
