"""What a recipe comes to on a model, tried on the model's shapes alone: nothing is downloaded, drawn or trained."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from transformers import PreTrainedModel

from harness.errors import RecipeError
from harness.methods._base import NEWEST, Adapted, Context, base_of
from harness.methods.dispatch import method_of
from harness.methods.layers.choose import choose_layers, strategy
from harness.methods.match import fitted
from harness.methods.store import kept
from harness.model.decoder import layer_names
from harness.model.shapes import empty_model
from harness.records import MatchedSize
from harness.spec.records import Recipe, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A recipe on a model. `layers` is None where only training data can tell which (`layer_count` is known).

    For a recipe in stages `trainable` is the sum over them, layers and modules are those of any of them (as many
    as of the largest where data tell), and `total` is the last one's. `notes` say where the architecture adapts more or
    less than the recipe asks.
    """

    layers: tuple[int, ...] | None
    layer_count: int
    total_layers: int
    modules: tuple[str, ...]
    trainable: int
    total: int
    notes: tuple[str, ...] = ()
    stages: tuple["Description", ...] = ()


def describe(recipe: Recipe, config: Mapping[str, Any], *, seed: int = 0) -> Description:
    """Return what `recipe` adapts on the model of `config` (transformers' ``config.json``).

    `seed` stands for the cell's, which a random choice of layers follows. Ranks that an initialisation spreads
    by data are counted as declared. Raises `RecipeError` when the recipe cannot be applied to such a model.
    """
    parts = [
        _outline(
            matched(stage.recipe, config),
            config,
            seed=seed,
            beside=[matched(each, config) for each in at_work(recipe.parts, place)],
        )
        for place, stage in enumerate(recipe.parts)
    ]
    return _together(parts) if recipe.stages else parts[0]


def matched(recipe: Recipe, config: Mapping[str, Any]) -> Recipe:
    """Return `recipe` with the rank (or bottleneck width) that fits its `match` on the model of `config`.

    A LoRA's alpha keeps its ratio to r. A recipe without `match` comes back as it is. Raises `RecipeError` as
    `match.fitted` does.
    """
    if recipe.match is None:
        return recipe
    return fitted(recipe, _goal(recipe, config), config, lambda each: _outline(each, config).trainable)


def matched_size(recipe: Recipe, config: Mapping[str, Any]) -> MatchedSize | None:
    """Return what the recipe's `match` comes to on the model of `config`, None without one; raises as `matched`."""
    if recipe.match is None:
        return None
    fits = matched(recipe, config)
    size = method_of(fits).size(fits)
    return MatchedSize(
        r=int(size["r"]) if "r" in size else None,
        reduction_factor=size.get("reduction_factor"),
        recipe=recipe.match.recipe.id,
        parameters=_goal(recipe, config),
    )


def at_work(parts: Sequence[Stage], place: int) -> list[Recipe]:
    """Return the recipes whose adapters are at work, unmerged, when the stage at `place` starts."""
    found: list[Recipe] = []
    for stage in parts[:place]:
        found = [*found, stage.recipe] if stage.then == "keep" else []
    return found


def on_shapes(recipe: Recipe, config: Mapping[str, Any], *, seed: int, beside: Sequence[Recipe]) -> Adapted:
    """Return the model of `config` adapted, with weights that have a shape and no values.

    The recipe's `match` is left aside, and so is that of the recipes `beside`, whose adapters are at work on the model
    already. Some methods (BOFT, SHiRA) look at values while they make an adapter: they get a base in memory that
    nobody filled.
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


def _applied(model: PreTrainedModel, recipe: Recipe, *, seed: int, beside: Sequence[Recipe]) -> Adapted:
    for place, earlier in enumerate(beside):
        model = _apply(model, earlier, seed=seed, adapter=kept(place)).model
    return _apply(model, recipe, seed=seed, adapter=NEWEST)


def _apply(model: PreTrainedModel, recipe: Recipe, *, seed: int, adapter: str) -> Adapted:
    """Adapt as `harness.methods.adapt` does, without data: the first layers stand in for those that data would tell."""
    method, layers = method_of(recipe), recipe.layers
    if strategy(layers.strategy).reads_data:
        layers = replace(layers, strategy="first")
    bare = method.without_data(replace(recipe, match=None, layers=layers))
    choice = choose_layers(base_of(model), bare, seed=seed)
    return method.apply(model, bare, choice, Context(seed=seed, adapter=adapter))


def _outline(recipe: Recipe, config: Mapping[str, Any], *, seed: int = 0, beside: Sequence[Recipe] = ()) -> Description:
    adapted = on_shapes(recipe, config, seed=seed, beside=beside)
    return Description(
        layers=None if strategy(recipe.layers.strategy).reads_data else adapted.layers,
        layer_count=len(adapted.layers),
        total_layers=len(layer_names(base_of(adapted.model))),
        modules=adapted.modules,
        trainable=adapted.trainable,
        total=adapted.total,
        notes=adapted.notes,
    )


def _goal(recipe: Recipe, config: Mapping[str, Any]) -> int:
    assert recipe.match is not None
    return _outline(matched(recipe.match.recipe, config), config).trainable


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
        notes=tuple(dict.fromkeys(note for stage in stages for note in stage.notes)),
        stages=tuple(stages),
    )
