"""Fields that a search may set: SFTConfig's by their names, a recipe's by their path in its file (``peft.r``)."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from harness.codec import JSON, decode, encode
from harness.spec.records import PluginBlock, Recipe

BLOCKS = ("peft", "modules", "bottleneck", "layers", "probe_batches")
"""What of a recipe's file may be searched, beside the block of a plug-in's method."""

_SIZES = ("fraction", "count", "indices")
"""How many layers are adapted is said in one of these ways: one that is tried takes the others' place."""

REFUSED: Mapping[str, str] = {
    "training": "SFTConfig's fields are searched by their own names: learning_rate, not training.learning_rate",
    "match": "the size of a matched recipe follows from another one",
    "quantization": "trials would not start from one base, nor would the recipes that are compared",
    "data": "on other rows a trial answers another question",
    "compute": "a trial has a number of steps of its own",
    "start": "trials have a seed of their own, for which no adapter of an arm stands",
    "stages": "a search does not go through stages",
    "peft.peft_type": "another method is another recipe, with a search of its own",
    "peft.task_type": "what is trained here is a causal language model",
}
"""Parts of a recipe that no search may set, and why."""


def is_of_recipe(field: str) -> bool:
    """Tell whether a field is one of a recipe's file, by its path, and none of SFTConfig's."""
    return "." in field or field in BLOCKS


def with_values(recipe: Recipe, values: Mapping[str, JSON]) -> Recipe:
    """Return the recipe with the fields of a combination set, in its `training` and wherever else they stand."""
    own = {field: value for field, value in values.items() if is_of_recipe(field)}
    training = {**recipe.training, **{field: value for field, value in values.items() if field not in own}}
    if not own:
        return replace(recipe, training=training)
    changed = encode(recipe)
    for field, value in own.items():
        _put(changed, _in_record(recipe, field), [value] if field == "modules" else value)
    return replace(decode(Recipe, changed), training=training)


def document_with(document: Mapping[str, JSON], values: Mapping[str, JSON]) -> dict[str, Any]:
    """Return a recipe's file as JSON with the fields of a combination that are the recipe's own."""
    changed = copy.deepcopy(dict(document))
    for field, value in values.items():
        if is_of_recipe(field):
            _put(changed, tuple(field.split(".")), value)
    return changed


def declared_value(recipe: Recipe, training: Mapping[str, JSON], field: str) -> JSON:
    """Return what a recipe says for a field, where it trains with `training`; None where it says nothing."""
    if not is_of_recipe(field):
        return training.get(field)
    value = encode(recipe)
    for part in _in_record(recipe, field):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _in_record(recipe: Recipe, field: str) -> tuple[str, ...]:
    """Return where a field stands in the record, in which a plug-in's block is not under its own name."""
    first, *rest = field.split(".")
    named = isinstance(recipe.plugin, PluginBlock) and recipe.plugin.name == first
    return ("plugin", "options", *rest) if named else (first, *rest)


def _put(value: dict[str, Any], path: tuple[str, ...], new: JSON) -> None:
    """Set the value at a path of an object; objects on the way that are not there are made."""
    first, *rest = path
    if path[:1] == ("layers",) and rest and rest[0] in _SIZES and isinstance(value.get(first), dict):
        value[first] = {key: each for key, each in value[first].items() if key not in _SIZES}
    for part in path[:-1]:
        if not isinstance(value.get(part), dict):
            value[part] = {}
        value = value[part]
    value[path[-1]] = new
