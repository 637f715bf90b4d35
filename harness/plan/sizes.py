"""The recipes that an experiment may train, at every size that a search may give them."""

from collections.abc import Iterator, Mapping
from typing import Any

from harness.plan.phases import reachable
from harness.plan.search import Values, combinations, levels, searched
from harness.spec.records import Experiment, Recipe, Search
from harness.spec.searched import is_of_recipe, with_values

_OF_MEMORY = ("per_device_train_batch_size", "gradient_accumulation_steps", "gradient_checkpointing", "max_length")
"""Fields of SFTConfig by which trainings of one recipe take more or less memory."""


def recipes_to_train(experiment: Experiment) -> tuple[Recipe, ...]:
    """Return every recipe as declared, then as trials change its size: what memory must hold and a check must see.

    A field of SFTConfig changes no size unless it is one of `_OF_MEMORY`.
    """
    found = list(experiment.recipes)
    if experiment.tune is not None:
        for recipe in searched(experiment, experiment.tune):
            fields = _sizes(experiment.tune.search)
            found += [with_values(recipe, each) for each in _tried(fields, recipe, experiment)]
    return (*found, *reachable(experiment, _sizes))


def _tried(fields: Mapping[str, Search], recipe: Recipe, experiment: Experiment) -> Iterator[Values]:
    return combinations(levels(fields, recipe, experiment)) if fields else iter(())


def _sizes(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields by which a recipe's size changes."""
    return {field: each for field, each in fields.items() if is_of_recipe(field) or field in _OF_MEMORY}
