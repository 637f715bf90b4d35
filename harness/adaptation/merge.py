"""Fold an adapter into the weights it adapts."""

import copy
from dataclasses import replace

import torch
from peft import PeftModel
from transformers import PreTrainedModel

from harness.adaptation.adapted import Adapted
from harness.errors import RecipeError


def merge(adapted: Adapted) -> PreTrainedModel:
    """Return a copy of the model with its adapter merged, which serves at the base model's speed.

    The adapted model stays as it is. Quantized weights PEFT dequantizes, changes and quantizes again: rounding takes
    part of the adapter with it, in 4 bits a large part. Raises `RecipeError` for a method whose effect is no change
    of weights (virtual tokens, bottleneck adapters) and where PEFT cannot merge or the result is not finite.
    """
    return fold(replace(adapted, model=copy.deepcopy(adapted.model)))


def fold(adapted: Adapted) -> PreTrainedModel:
    """Merge an adapter, with those kept at work beside it, into the model itself, and return the base model.

    The adapted model is spent. Raises as `merge` does.
    """
    if adapted.recipe.bottleneck is not None:
        raise RecipeError(f"{adapted.recipe.id}: a bottleneck adapter is a network of its own and cannot be merged.")
    if not isinstance(adapted.model, PeftModel):
        return adapted.model
    if adapted.model.active_peft_config.is_prompt_learning:
        raise RecipeError(f"{adapted.recipe.id}: virtual tokens change no weight; there is nothing to merge.")
    try:
        with_values = adapted.model.device.type != "meta"  # values are what a safe merge looks at
        return adapted.model.merge_and_unload(safe_merge=with_values)
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, NotImplementedError, ValueError, AttributeError) as error:
        raise RecipeError(f"{adapted.recipe.id}: PEFT cannot merge it: {error}") from error
