"""The methods and layer strategies that there are, by name; nothing of theirs is imported before it is asked for."""

import difflib
from collections.abc import Mapping

from harness import __version__
from harness.errors import PluginError, RecipeError
from harness.registry import GROUPS, Kind, Plugin, plugins


def _own(kind: Kind, name: str, target: str) -> Plugin:
    return Plugin(kind=kind, name=name, target=f"harness.methods.{target}", distribution="harness", version=__version__)


_OWN: Mapping[Kind, Mapping[str, Plugin]] = {
    "methods": {
        name: _own("methods", name, target)
        for name, target in {
            "full": "full:FullFineTuning",
            "bottleneck": "bottleneck:BottleneckAdapters",
            "peft": "peft.method:PeftMethod",
        }.items()
    },
    "layer_strategies": {
        name: _own("layer_strategies", name, target)
        for name, target in {
            "all": "layers.positional:everything",
            "first": "layers.positional:first",
            "last": "layers.positional:last",
            "middle": "layers.positional:middle",
            "every": "layers.positional:every",
            "list": "layers.positional:listed",
            "random": "layers.positional:sampled",
            "gradient": "layers.gradient:GRADIENT",
        }.items()
    },
}


def methods() -> Mapping[str, Plugin]:
    """Return all methods, harness's own first. Raises `PluginError` for a third party's that takes a name of these."""
    return _all("methods")


def method(name: str) -> Plugin:
    """Return a method by name. Raises `RecipeError` where there is none, naming the nearest."""
    return _named(name, methods(), "the method")


def strategies() -> Mapping[str, Plugin]:
    """Return all layer strategies, harness's own first; raises as `methods` does."""
    return _all("layer_strategies")


def strategy(name: str) -> Plugin:
    """Return a layer strategy by name. Raises `RecipeError` where there is none, naming the nearest."""
    return _named(name, strategies(), "layers.strategy")


def is_own(plugin: Plugin) -> bool:
    """Tell whether harness itself brings the method or strategy."""
    return _OWN[plugin.kind].get(plugin.name) == plugin


def _all(kind: Kind) -> Mapping[str, Plugin]:
    for name, plugin in plugins(kind).items():
        if name in _OWN[kind]:
            raise PluginError(f"{plugin} takes a name of harness's own in the group {GROUPS[kind]}. Rename it there.")
    return {**_OWN[kind], **plugins(kind)}


def _named(name: str, known: Mapping[str, Plugin], what: str) -> Plugin:
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise RecipeError(f"{what} {name!r} is unknown.{hint} There are: {', '.join(known)}.")
    return known[name]
