"""What a recipe comes to on a model, from the model's configuration alone."""

from collections.abc import Mapping
from typing import Any

from harness.adaptation.match import matched
from harness.adaptation.outline import Description, outline
from harness.spec.records import Recipe


def describe(recipe: Recipe, config: Mapping[str, Any], *, seed: int = 0) -> Description:
    """Return what `recipe` adapts on the model of `config` (transformers' ``config.json``).

    `seed` stands for the cell's, which a random choice of layers follows. Ranks that an initialisation spreads
    by data are counted as declared. Raises `RecipeError` when the recipe cannot be applied to such a model.
    """
    return outline(matched(recipe, config), config, seed=seed)
