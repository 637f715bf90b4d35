"""What installed plug-ins add to the published schemas, and what is noted of those that a declaration names."""

import copy
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator, SchemaError

from harness.codec import JSON
from harness.errors import PluginError
from harness.registry import Kind, Plugin, find, plugins
from harness.spec.records import DATA_SOURCES, DIAGNOSTICS, EXECUTORS, STRATEGIES, Recipe

Schema = dict[str, Any]

_NAMED_BY: Mapping[Kind, tuple[str, Sequence[str]]] = {
    "layer_strategies": ("strategy", STRATEGIES),
    "data_sources": ("source", DATA_SOURCES),
    "diagnostics": ("name", DIAGNOSTICS),
    "executors": ("kind", EXECUTORS),
}
"""The key under which a block names a plug-in of a kind, and the names that are harness's own."""

PLUGIN_KEYS = "x-plugins"
"""Where an object's schema lists which of its keys are plug-ins."""


def installed() -> tuple[Plugin, ...]:
    """Return the plug-ins that a spec or recipe can name."""
    return tuple(plugin for kind in ("methods", *_NAMED_BY) for plugin in plugins(kind).values())


def extended(files: Mapping[str, Schema], added: Iterable[Plugin]) -> dict[str, Schema]:
    """Return the schema files with the names of plug-ins among what is allowed, and their options held to theirs.

    A method is a key of a recipe; a layer strategy, a data source, a diagnostic and an executor are named in a block
    that has `options`. Raises `PluginError` for a name that harness uses itself and for options that are not a JSON
    Schema.
    """
    changed = copy.deepcopy(dict(files))
    recipe, experiment = (changed[f"{name}.schema.json"] for name in ("recipe", "experiment"))
    for plugin in added:
        if plugin.kind == "methods":
            _add_method(recipe, plugin)
        elif plugin.kind == "layer_strategies":
            _add_choice(recipe["$defs"]["layers"], plugin)
        elif plugin.kind == "data_sources":
            _add_choice(experiment["$defs"]["data"], plugin, {"$ref": "#/$defs/data_plugin"})
        elif plugin.kind == "diagnostics":
            _add_choice(experiment["$defs"]["diagnostic"], plugin)
        elif plugin.kind == "executors":
            _add_choice(experiment["$defs"]["execute"], plugin)
    return changed


def with_requirement(kind: Kind, block: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return a block that names a plug-in or one of harness's own, with the plug-in's distribution if it is one's."""
    key, own = _NAMED_BY[kind]
    name = block.get(key)
    plugin = None if name is None or name in own else find(kind, name)
    return dict(block) if plugin is None else {**block, "plugin": plugin.requirement}


def with_method(fields: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return a recipe's fields with the key that names a plug-in's method turned into the field `plugin`."""
    own = {field.name for field in dataclasses.fields(Recipe)}
    foreign = {key: value for key, value in fields.items() if key not in own}
    named = [(plugins("methods")[key], options) for key, options in foreign.items() if options is not None]
    others = {key: value for key, value in fields.items() if key in own}
    if not named:
        return others
    ((plugin, options),) = named
    about = {"name": plugin.name, "distribution": plugin.distribution, "version": plugin.version}
    return {**others, "plugin": {**about, "options": options}}


def _add_method(recipe: Schema, plugin: Plugin) -> None:
    _refuse_taken(plugin, recipe["properties"])
    recipe.setdefault(PLUGIN_KEYS, []).append(plugin.name)
    recipe["properties"][plugin.name] = {"anyOf": [{"type": "null"}, _options(plugin)]}
    recipe["dependentSchemas"]["stages"]["properties"][plugin.name] = {"type": "null"}


def _add_choice(block: Schema, plugin: Plugin, then: Mapping[str, JSON] | None = None) -> None:
    """Let a block name the plug-in; its `options` must then satisfy the plug-in's schema, and the block `then`."""
    key, _ = _NAMED_BY[plugin.kind]
    known = block["properties"][key]["enum"]
    _refuse_taken(plugin, known)
    known.append(plugin.name)
    options = _options(plugin)
    needed = ["options"] if options.get("required") else []
    named = {"properties": {key: {"const": plugin.name}}, "required": [key]}
    held = {**(then or {}), "properties": {"options": options}, "required": needed}
    block.setdefault("allOf", []).append({"if": named, "then": held})


def _refuse_taken(plugin: Plugin, names: Iterable[str]) -> None:
    if plugin.name in names:
        raise PluginError(
            f"{plugin} has a name that harness itself uses. Rename it, or uninstall {plugin.distribution}."
        )


def _options(plugin: Plugin) -> Schema:
    """Return the schema of a plug-in's options; its own references count within it."""
    declared = dict(plugin.schema or {})
    try:
        Draft202012Validator.check_schema(declared)
    except SchemaError as error:
        raise PluginError(f"the options of {plugin} are not described by a JSON Schema: {error.message}.") from error
    return {"$id": f"{plugin.kind}/{plugin.name}", "type": "object", **declared}
