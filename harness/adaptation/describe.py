"""What a recipe comes to on a model, from the model's configuration alone."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.adaptation.match import matched
from harness.adaptation.outline import Description, outline
from harness.adaptation.stages import at_work
from harness.spec.records import Recipe


def describe(recipe: Recipe, config: Mapping[str, Any], *, seed: int = 0) -> Description:
    """Return what `recipe` adapts on the model of `config` (transformers' ``config.json``).

    `seed` stands for the cell's, which a random choice of layers follows. Ranks that an initialisation spreads
    by data are counted as declared. Raises `RecipeError` when the recipe cannot be applied to such a model.
    """
    parts = [
        outline(
            matched(stage.recipe, config),
            config,
            seed=seed,
            beside=[matched(each, config) for each in at_work(recipe.parts, place)],
        )
        for place, stage in enumerate(recipe.parts)
    ]
    return _together(parts) if recipe.stages else parts[0]


def _together(stages: Sequence[Description]) -> Description:
    chosen = [stage.layers for stage in stages if stage.layers is not None]
    layers = tuple(sorted({layer for each in chosen for layer in each}))
    known = len(chosen) == len(stages)
    return replace(
        stages[-1],
        layers=layers if known else None,
        layer_count=len(layers) if known else max(stage.layer_count for stage in stages),
        modules=tuple(dict.fromkeys(module for stage in stages for module in stage.modules)),
        trainable=sum(stage.trainable for stage in stages),
        stages=tuple(stages),
    )
