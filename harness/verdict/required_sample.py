"""What a missed condition would take: seeds and items, as a range, and which of the two binds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from harness.statistics.moments import Moments
from harness.statistics.planning import MAX_SEEDS, Requirement, budget, pessimistic, required
from harness.verdict.records import Amount, RequiredSample
from harness.verdict.wording import Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedCondition:
    """A condition that was not shown: the contrast it is about, and how far the estimate is inside it.

    `value` is the oriented estimate; it must be on its side of 0, or inside ±`sesoi` where `both_ends` asks for that.
    """

    name: str
    text: str
    suites: Sequence[Moments]
    weights: Sequence[float]
    value: float
    sesoi: float
    both_ends: bool

    @property
    def distance(self) -> float:
        """The effect to plan for.

        For a margin: from the estimate to the nearer end. Otherwise the estimate itself, but at least the
        smallest effect of interest: nobody need show less than that.
        """
        if self.both_ends:
            return self.sesoi - abs(self.value)
        return max(abs(self.value), self.sesoi)


def required_sample(
    missed: Sequence[MissedCondition], target: str, items: Mapping[str, int], tail: float, scale: Scale
) -> RequiredSample | None:
    """Return the most demanding of the missed conditions' needs; None with one seed, which shows no variance."""
    possible = [one for one in missed if one.distance > 0 and one.suites[0].seeds > 1]
    plans = [(one, *_range(one, tail)) for one in possible]
    if not plans:
        return None
    one, low, high = max(plans, key=lambda plan: _cost(plan[1]))
    present = one.suites[0].seeds
    counted = {task: count for (task, count), weight in zip(items.items(), one.weights, strict=True) if weight}
    found = RequiredSample(
        condition=one.name,
        target=target,
        distance=one.distance,
        seeds_alone=(low.seeds_alone, high.seeds_alone),
        items_alone={task: _times(count, low.scale_alone, high.scale_alone) for task, count in counted.items()},
        together=Amount(
            seeds=(low.seeds, high.seeds),
            items={task: _times(count, low.scale, high.scale) for task, count in counted.items()},
        ),
        binding=_binding(low, present),
        text="",
    )
    return replace(found, text=_text(one, low, found, counted, scale))


def _range(one: MissedCondition, tail: float) -> tuple[Requirement, Requirement]:
    seeds = one.suites[0].seeds
    present = budget(one.suites, one.weights)
    plug_in = required(present, one.distance, tail, seeds, both_ends=one.both_ends)
    return plug_in, required(pessimistic(present, seeds), one.distance, tail, seeds, both_ends=one.both_ends)


def _cost(plan: Requirement) -> float:
    return math.inf if plan.seeds is None or plan.scale is None else plan.seeds * plan.scale


def _binding(plan: Requirement, present: int) -> str:
    """Name what falls short however much there is of the other."""
    items, seeds = plan.scale_floor > 1, plan.seed_floor > present
    if items and seeds:
        return "items and seeds"
    return "items" if items else "seeds" if seeds else "either"


def _times(count: int, low: float | None, high: float | None) -> tuple[int | None, int | None]:
    return (None if low is None else math.ceil(count * low), None if high is None else math.ceil(count * high))


def _text(
    one: MissedCondition, plan: Requirement, found: RequiredSample, counted: Mapping[str, int], scale: Scale
) -> str:
    present = one.suites[0].seeds
    floors = _of_each({task: str(math.ceil(count * plan.scale_floor)) for task, count in counted.items()})
    reasons = {
        "items": f"More seeds alone cannot help: it takes at least {floors}.",
        "seeds": f"More items alone cannot help: it takes at least {plan.seed_floor} seeds.",
        "items and seeds": f"More of one alone cannot help: it takes at least {plan.seed_floor} seeds, and {floors}.",
        "either": "More of either helps.",
    }
    together = _of_each({task: span(each) for task, each in found.together.items.items()})
    alone = []
    if found.binding in ("seeds", "either"):
        alone.append(f"{span(found.seeds_alone, MAX_SEEDS)} seeds on the present items")
    reachable = all(low is not None for low, _ in found.items_alone.values())
    if found.binding in ("items", "either") and reachable:
        more = _of_each({task: span(each) for task, each in found.items_alone.items()})
        alone.append(f"{more} with the present {present} seeds")
    also = f" (or {', or '.join(alone)})" if alone else ""
    return (
        f"Not shown: {one.text}. To show an effect of {scale.amount(one.distance)} four times in five it takes "
        f"{span(found.together.seeds, MAX_SEEDS)} seeds with {together}{also}. {reasons[found.binding]}"
    )


def _of_each(amounts: Mapping[str, str]) -> str:
    """Return ``300 items of a and 200 items of b``, or ``300 items of each suite`` where they are alike."""
    if len(amounts) > 1 and len(set(amounts.values())) == 1:
        return f"{next(iter(amounts.values()))} items of each suite"
    return " and ".join(f"{amount} items of {task}" for task, amount in amounts.items())


def span(ends: tuple[int | None, int | None], limit: int | None = None) -> str:
    """Return ``5``, ``5 to 9`` or ``more than 5``; None as an end is beyond every number considered."""
    low, high = ends
    if low is None:
        return f"more than {limit}" if limit else "more than any number of"
    if high is None:
        return f"{low} or more"
    return str(low) if low == high else f"{min(low, high)} to {max(low, high)}"
