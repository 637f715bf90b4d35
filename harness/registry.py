"""Third parties' plug-ins: found by entry point, described without being imported, checked when they are loaded.

A plug-in is an entry point of one of the groups in `GROUPS`. Its name is how a declaration refers to it; its target is
a class or function that keeps the contract in the ``_base.py`` of its kind. Beside the target's module may lie
``<name>.schema.json``: the JSON Schema of the plug-in's options, which lets `harness validate` check a declaration
with nothing heavy imported. Facts that must be known that early stand in it under ``"x-harness"``.
"""

import functools
import importlib
import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Literal

from harness.errors import PluginError

Kind = Literal["methods", "layer_strategies", "data_sources", "score_sources", "executors", "diagnostics"]

GROUPS: Mapping[Kind, str] = {
    "methods": "harness.methods",
    "layer_strategies": "harness.layer_strategies",
    "data_sources": "harness.data_sources",
    "score_sources": "harness.score_sources",
    "executors": "harness.executors",
    "diagnostics": "harness.diagnostics",
}


@dataclass(frozen=True, slots=True)
class Plugin:
    """One plug-in: what it is called, where its code is (``module:attribute``), and which distribution brings it."""

    kind: Kind
    name: str
    target: str
    distribution: str
    version: str

    @property
    def requirement(self) -> str:
        """``distribution==version``, which enters the identity of whatever the plug-in has a part in."""
        return f"{self.distribution}=={self.version}"

    @property
    def schema(self) -> Mapping[str, Any] | None:
        """The JSON Schema of its options, None where it brings none. Raises `PluginError` for one that is not JSON."""
        path = self._schema_file()
        if path is None or not path.is_file():
            return None
        try:
            schema = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise PluginError(f"{path}, the schema of {self}, cannot be read: {error}.") from error
        if not isinstance(schema, dict):
            raise PluginError(f"{path}, the schema of {self}, is not a JSON object.")
        return schema

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the schema says under ``x-harness``: facts that are known without importing the plug-in."""
        facts = (self.schema or {}).get("x-harness", {})
        if not isinstance(facts, dict):
            raise PluginError(f"the schema of {self} has an x-harness that is not a JSON object.")
        return facts

    def load(self) -> Any:
        """Import and return the target. Raises `PluginError`, which names the plug-in, where that fails."""
        module, _, attribute = self.target.partition(":")
        try:
            return functools.reduce(getattr, attribute.split("."), importlib.import_module(module))
        except Exception as error:
            # A third party's module runs while it is imported, so anything may be raised.
            raise PluginError(f"{self} cannot be loaded: {type(error).__name__}: {error}.") from error

    def _schema_file(self) -> Path | None:
        """Return where the schema would lie; only the top-level package is looked up, and nothing is imported."""
        module = self.target.partition(":")[0]
        top, *inside = module.split(".")
        spec = importlib.util.find_spec(top)
        if spec is None or spec.origin is None:
            return None
        folder = Path(spec.origin).parent
        return folder.joinpath(*inside[:-1], f"{self.name}.schema.json")

    def __str__(self) -> str:
        """Return ``the plug-in `name` of distribution (module:attribute)``."""
        return f"the plug-in `{self.name}` of {self.distribution} ({self.target})"


@functools.cache
def plugins(kind: Kind) -> Mapping[str, Plugin]:
    """Return the installed plug-ins of one kind by name.

    Raises `PluginError` where two distributions register one name.
    """
    found: dict[str, Plugin] = {}
    for point in entry_points(group=GROUPS[kind]):
        plugin = _plugin(kind, point)
        other = found.get(plugin.name)
        if other is not None and other != plugin:
            raise PluginError(f"{other} and {plugin} have one name in the group {GROUPS[kind]}. Uninstall one of them.")
        found[plugin.name] = plugin
    return found


def find(kind: Kind, name: str) -> Plugin | None:
    """Return the plug-in of that name, None where none is installed."""
    return plugins(kind).get(name)


def _plugin(kind: Kind, point: EntryPoint) -> Plugin:
    distribution = point.dist
    return Plugin(
        kind=kind,
        name=point.name,
        target=point.value,
        distribution="unknown" if distribution is None else distribution.name,
        version="unknown" if distribution is None else distribution.version,
    )
