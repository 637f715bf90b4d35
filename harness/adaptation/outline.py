"""A recipe with settled numbers on a model of shapes only: no weight is downloaded or drawn."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from harness.adaptation.apply import apply
from harness.adaptation.decoder import layer_names
from harness.errors import RecipeError
from harness.spec.records import Layers, Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A recipe on a model. `layers` is None where only training data can tell which (`layer_count` is known)."""

    layers: tuple[int, ...] | None
    layer_count: int
    total_layers: int
    modules: tuple[str, ...]
    trainable: int
    total: int


def outline(recipe: Recipe, config: Mapping[str, Any], *, seed: int = 0) -> Description:
    """Return what `recipe`, its `match` left aside, adapts on the model of `config`."""
    with warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("ignore")  # PEFT's advice is given again where the recipe is really applied
        model = empty_model(config)
        depth = len(layer_names(model))
        adapted = apply(model, _without_data(recipe), seed=seed)
    return Description(
        layers=None if recipe.layers.strategy == "gradient" else adapted.layers,
        layer_count=len(adapted.layers),
        total_layers=depth,
        modules=adapted.modules,
        trainable=adapted.trainable,
        total=adapted.total,
    )


def empty_model(config: Mapping[str, Any]) -> PreTrainedModel:
    """Return the model of `config` with weights that have a shape and no values.

    Raises `RecipeError` for a configuration that transformers does not know.
    """
    rest = {key: value for key, value in config.items() if key not in ("model_type", "quantization_config")}
    try:
        known = AutoConfig.for_model(config["model_type"], **rest)
        with torch.device("meta"):
            return AutoModelForCausalLM.from_config(known)
    except (KeyError, ValueError) as error:
        raise RecipeError(f"transformers cannot build a model from this configuration: {error}") from error


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
