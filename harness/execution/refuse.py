"""Recipes that cannot work are refused before anything is trained, all of them at once."""

from collections.abc import Mapping
from typing import Any

from harness import adaptation
from harness.errors import RecipeError
from harness.spec.records import Experiment


def refuse(experiment: Experiment, config: Mapping[str, Any] | None, device: str) -> None:
    """Raise `RecipeError` with every reason why a recipe could not be trained on the model of `config`."""
    reasons = [
        f"{recipe.id}: {reason}"
        for recipe in experiment.recipes
        for reason in adaptation.refusals(recipe, config, device, training=experiment.training_of(recipe))
    ]
    if reasons:
        raise RecipeError("\n".join(reasons))
