"""Adapted models on disk, loaded again, and merged: each by its own method, stages one after another."""

import copy
from dataclasses import replace
from pathlib import Path

from transformers import PreTrainedModel

from harness.methods._base import Adapted
from harness.methods.dispatch import method_of
from harness.methods.peft.existing import merge_existing
from harness.spec.records import Recipe


def save(adapted: Adapted, folder: Path) -> None:
    """Write what was trained into `folder`, which is made where it is not there; tensors as safetensors only."""
    folder.mkdir(parents=True, exist_ok=True)
    method_of(adapted.recipe).save(adapted, folder)


def load(model: PreTrainedModel, recipe: Recipe, folder: Path) -> Adapted:
    """Put what `save` wrote back onto a freshly loaded base model, in evaluation mode; training can go on.

    A recipe with stages is replayed from the folders (`stage_folder`) that each of them was saved in. Of a prompt that
    a network produced (P-tuning and its like) only the prompt comes back, not the network.

    Nothing in the folder is executed: weights are read from safetensors files alone. Raises `RecipeError`
    when the folder holds none, or weights of another model.
    """
    last = len(recipe.parts) - 1
    recipe_of_last = recipe.parts[last].recipe
    before = replay(model, recipe, folder, last)
    return method_of(recipe_of_last).load(before, recipe_of_last, stage_folder(folder, recipe, last))


def replay(model: PreTrainedModel, recipe: Recipe, folder: Path, place: int) -> PreTrainedModel:
    """Return the model that the stage at `place` starts from: a fresh base with what the stages before it left.

    Each of them lies in its `stage_folder`; its adapter is merged or kept as it says. An adapter that the recipe merges
    before it trains lies in `start_folder`. Raises `RecipeError` as `load` and `merge` do.
    """
    if recipe.merges_first:
        model = merge_existing(model, start_folder(folder))
    for earlier, stage in enumerate(recipe.parts[:place]):
        method, saved = method_of(stage.recipe), stage_folder(folder, recipe, earlier)
        if stage.then == "keep":
            model = method.keep(model, stage.recipe, saved, kept(earlier))
        else:
            model = method.merge(method.load(model, stage.recipe, saved))
    return model


def stage_folder(folder: Path, recipe: Recipe, place: int) -> Path:
    """Return where the stage at `place` is saved below a recipe's folder, which is its own without stages."""
    return folder / f"stage-{place + 1}" if recipe.stages else folder


def start_folder(folder: Path) -> Path:
    """Return where the adapter that a recipe starts from lies below the recipe's folder."""
    return folder / "start"


def kept(place: int) -> str:
    """Return what the adapter is called that the stage at `place` left at work."""
    return f"stage_{place + 1}"


def merge(adapted: Adapted) -> PreTrainedModel:
    """Return a copy of the model with its adapter merged, which serves at the base model's speed.

    The adapted model stays as it is. Quantized weights PEFT dequantizes, changes and quantizes again: rounding takes
    part of the adapter with it, in 4 bits a large part. Raises `RecipeError` for a method whose effect is no change
    of weights (virtual tokens, bottleneck adapters) and where the result cannot be had or is not finite.
    """
    return method_of(adapted.recipe).merge(replace(adapted, model=copy.deepcopy(adapted.model)))
