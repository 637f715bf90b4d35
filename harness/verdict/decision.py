"""What to use: the cheapest of the recipes that are shown not to be worse, by the cost that was declared.

Costs are measured and differ from machine to machine, so nothing here is part of ``verdict.json``: which recipes are
shown not to be worse stands there, and which of them is the cheapest in ``costs.json``. Taking the cheapest of those
that are shown adds no error, since all of them are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.codec import encode
from harness.compare.costs import RecipeCosts, RunCosts
from harness.spec.records import CostKind
from harness.statistics.speedup import SpeedUp
from harness.verdict.records import Recommendation

_COSTS: Mapping[CostKind, Callable[[RecipeCosts], float | None]] = {
    "training_time": lambda each: each.train_seconds.mean + each.probe_seconds,
    "memory": lambda each: each.peak_memory,
    "size": lambda each: each.saved,
    "price": lambda each: each.price,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The recipe to use, and what it costs `by` the declared kind, a run: seconds, bytes, or the declared price.

    `recipe` is the reference where none that is shown costs less, and None where none is shown, not all costs are
    known, or the times of these seeds do not tell which trains faster: then the recommendation is a set. `costs` hold
    the reference and the candidates that are shown, as far as they are known. `speed_up` is that of the recipe, probes
    included, where the cost is time; `unsettled` are those whose intervals reach to both sides of 1 and matter.
    """

    by: CostKind
    recipe: str | None
    costs: Mapping[str, float]
    saving: float | None
    speed_up: SpeedUp | None
    unsettled: Mapping[str, SpeedUp] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, as ``costs.json`` has them; what is settled says nothing of it."""
        value = encode(self)
        return value if self.unsettled else {key: each for key, each in value.items() if key != "unsettled"}


def decide(recommendation: Recommendation, costs: RunCosts | None, by: CostKind = "training_time") -> Decision:
    """Return the cheapest of the recommended candidates and the reference."""
    found = {} if costs is None else {each.recipe: each for each in costs.recipes}
    asked = (recommendation.reference, *recommendation.shown)
    known = {name: cost for name in asked if name in found and (cost := _COSTS[by](found[name]))}
    if not recommendation.shown or len(known) < len(asked):
        return Decision(by=by, recipe=None, costs=known, saving=None, speed_up=None)
    recipe = min(known, key=known.__getitem__)
    if by == "training_time" and (unsettled := _unsettled(recipe, recommendation, found)):
        return Decision(by=by, recipe=None, costs=known, saving=None, speed_up=None, unsettled=unsettled)
    timed = found[recipe].speed_up_with_probes if by == "training_time" else None
    saving = 1 - known[recipe] / known[recommendation.reference]
    return Decision(by=by, recipe=recipe, costs=known, saving=saving, speed_up=timed)


def _unsettled(recipe: str, recommendation: Recommendation, found: Mapping[str, RecipeCosts]) -> dict[str, SpeedUp]:
    """Return the speed-ups that keep a choice by time from being one: one slow run makes such a mean."""
    deciding = recommendation.shown if recipe == recommendation.reference else (recipe,)
    known = {name: ratio for name in deciding if (ratio := found[name].speed_up_with_probes) is not None}
    return {name: ratio for name, ratio in known.items() if ratio.low <= 1 <= ratio.high}
