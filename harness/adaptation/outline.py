"""A recipe with settled numbers on a model of shapes only: no weight is downloaded or drawn."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from peft import PeftModel
from transformers import PreTrainedModel

from harness.adaptation.adapted import Adapted
from harness.adaptation.apply import apply
from harness.adaptation.stack import base_of, kept
from harness.errors import RecipeError
from harness.model.decoder import layer_names
from harness.model.shapes import empty_model
from harness.spec.records import Layers, Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A recipe on a model. `layers` is None where only training data can tell which (`layer_count` is known).

    For a recipe in stages `trainable` is the sum over them, layers and modules are those of any of them (as many
    as of the largest where data tell), and `total` is the last one's.
    """

    layers: tuple[int, ...] | None
    layer_count: int
    total_layers: int
    modules: tuple[str, ...]
    trainable: int
    total: int
    stages: tuple["Description", ...] = ()


def outline(recipe: Recipe, config: Mapping[str, Any], *, seed: int = 0, beside: Sequence[Recipe] = ()) -> Description:
    """Return what `recipe`, its `match` left aside, adapts on the model of `config`.

    `beside` are recipes, settled too, whose adapters are at work on the model already.
    """
    adapted = on_shapes(recipe, config, seed=seed, beside=beside)
    depth = len(layer_names(base_of(adapted.model)))
    return Description(
        layers=None if recipe.layers.strategy == "gradient" else adapted.layers,
        layer_count=len(adapted.layers),
        total_layers=depth,
        modules=adapted.modules,
        trainable=adapted.trainable,
        total=adapted.total,
    )


def on_shapes(recipe: Recipe, config: Mapping[str, Any], *, seed: int, beside: Sequence[Recipe]) -> Adapted:
    """Return the model of `config` adapted, with weights that have a shape and no values.

    Some methods (BOFT, SHiRA) look at values while they make an adapter: they get a base in memory that nobody filled.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PEFT's advice is given again where the recipe is really applied
        try:
            with torch.device("meta"):
                return _applied(empty_model(config), recipe, seed=seed, beside=beside)
        except (RuntimeError, NotImplementedError, RecipeError) as error:
            if isinstance(error, RecipeError) and not isinstance(error.__cause__, NotImplementedError):
                raise
            in_memory = empty_model(config).to_empty(device="cpu")
            return _applied(in_memory, recipe, seed=seed, beside=beside)


def _applied(model: PreTrainedModel | PeftModel, recipe: Recipe, *, seed: int, beside: Sequence[Recipe]) -> Adapted:
    for place, earlier in enumerate(beside):
        model = apply(model, _without_data(earlier), seed=seed, name=kept(place)).model
    return apply(model, _without_data(recipe), seed=seed)


def _without_data(recipe: Recipe) -> Recipe:
    """Return a recipe that adapts as many modules and needs neither data nor weights to start from."""
    changed = replace(recipe, match=None, layers=_static(recipe.layers))
    if recipe.peft is None:
        return changed
    spent = {"eva_config": None, "corda_config": None, "lora_ga_config": None}
    block = {key: value for key, value in recipe.peft.items() if key not in spent}
    if isinstance(block.get("init_lora_weights"), str):
        block["init_lora_weights"] = True
    if block.get("prompt_tuning_init") is not None:
        block["prompt_tuning_init"] = "RANDOM"
    return replace(changed, peft=block)


def _static(layers: Layers) -> Layers:
    return replace(layers, strategy="first") if layers.strategy == "gradient" else layers
