"""Fold an adapter into the weights it adapts."""

import copy

import torch
from peft import PeftModel
from torch import nn

from harness.adaptation.adapted import Adapted
from harness.errors import RecipeError


def merge(adapted: Adapted) -> nn.Module:
    """Return a copy of the model with its adapter merged, which serves at the base model's speed.

    The adapted model stays as it is. Quantized weights PEFT dequantizes, changes and quantizes again: rounding takes
    part of the adapter with it, in 4 bits a large part. Raises `RecipeError` for a method whose effect is no change
    of weights (virtual tokens, bottleneck adapters) and where PEFT cannot merge or the result is not finite.
    """
    if adapted.recipe.bottleneck is not None:
        raise RecipeError(f"{adapted.recipe.id}: a bottleneck adapter is a network of its own and cannot be merged.")
    if not isinstance(adapted.model, PeftModel):
        return copy.deepcopy(adapted.model)
    if adapted.model.active_peft_config.is_prompt_learning:
        raise RecipeError(f"{adapted.recipe.id}: virtual tokens change no weight; there is nothing to merge.")
    try:
        return copy.deepcopy(adapted.model).merge_and_unload(safe_merge=True)
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, NotImplementedError, ValueError, AttributeError) as error:
        raise RecipeError(f"{adapted.recipe.id}: PEFT cannot merge it: {error}") from error
