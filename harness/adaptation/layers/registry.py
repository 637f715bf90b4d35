"""Names of layer strategies and where their functions are."""

import difflib
import functools
import importlib
from importlib.metadata import entry_points
from typing import cast

from harness.adaptation.layers.contract import Strategy
from harness.errors import RecipeError

GROUP = "harness.layer_strategies"

_OURS = {
    name: f"harness.adaptation.layers.{module}:{module}"
    for name, module in {
        "all": "everything",
        "first": "first",
        "last": "last",
        "middle": "middle",
        "every": "every",
        "list": "listed",
        "random": "sampled",
        "gradient": "gradient",
    }.items()
}


def names() -> tuple[str, ...]:
    """Return the strategies there are, shipped ones first."""
    return tuple(_targets())


def strategy(name: str) -> Strategy:
    """Return the strategy's function.

    Raises `RecipeError` for a name that is not registered, naming the nearest that is.
    """
    targets = _targets()
    if name not in targets:
        near = difflib.get_close_matches(name, targets, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise RecipeError(f"layers.strategy {name!r} is unknown.{hint} There are: {', '.join(targets)}.")
    module, _, attribute = targets[name].partition(":")
    return cast("Strategy", getattr(importlib.import_module(module), attribute))


@functools.cache
def _targets() -> dict[str, str]:
    targets = dict(_OURS)
    for point in entry_points(group=GROUP):
        if point.name in targets:
            raise RecipeError(
                f"the layer strategy {point.name!r} is registered twice: {targets[point.name]} and {point.value}. "
                f"Rename the entry point of the group {GROUP} in the package that adds it."
            )
        targets[point.name] = point.value
    return targets
