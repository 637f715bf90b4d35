"""What to use: the cheapest of the recipes that are shown not to be worse, by the cost that was declared.

Costs are measured and differ from machine to machine, so nothing here is part of ``verdict.json``: which recipes are
shown not to be worse stands there, and which of them is the cheapest in ``costs.json``. Taking the cheapest of those
that are shown adds no error, since all of them are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

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

    `recipe` is the reference where none that is shown costs less, and None where none is shown or not all costs are
    known: then the recommendation is a set. `costs` hold the reference and the candidates that are shown, as far as
    they are known. `speed_up` is that of the recipe, probes included, where the cost is time.
    """

    by: CostKind
    recipe: str | None
    costs: Mapping[str, float]
    saving: float | None
    speed_up: SpeedUp | None


def decide(recommendation: Recommendation, costs: RunCosts | None, by: CostKind = "training_time") -> Decision:
    """Return the cheapest of the recommended candidates and the reference."""
    found = {} if costs is None else {each.recipe: each for each in costs.recipes}
    asked = (recommendation.reference, *recommendation.shown)
    known = {name: cost for name in asked if name in found and (cost := _COSTS[by](found[name]))}
    if not recommendation.shown or len(known) < len(asked):
        return Decision(by=by, recipe=None, costs=known, saving=None, speed_up=None)
    recipe = min(known, key=known.__getitem__)
    timed = found[recipe].speed_up_with_probes if by == "training_time" else None
    saving = 1 - known[recipe] / known[recommendation.reference]
    return Decision(by=by, recipe=recipe, costs=known, saving=saving, speed_up=timed)
