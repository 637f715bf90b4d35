"""Why a recipe cannot work, as far as it is known before anything is downloaded or trained.

First comes what is wrong whatever the model, then what the model's shapes tell; of a recipe in stages each stage by
itself, then why what one leaves behind cannot serve the next.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.errors import RecipeError
from harness.methods import starts
from harness.methods.adapt import nothing_trains
from harness.methods.dispatch import method_of
from harness.methods.dry_run import at_work, describe, matched, on_shapes
from harness.methods.layers.choose import strategy
from harness.methods.traits import declared_methods
from harness.model.devices import device_kind
from harness.model.shapes import empty_model
from harness.spec.records import Recipe, Stage


def incompatibilities(
    recipe: Recipe,
    config: Mapping[str, Any] | None,
    device: str,
    *,
    training: Mapping[str, Any] | None = None,
) -> list[str]:
    """Return every reason why `recipe` would fail, each with what to do; an empty list where none is known.

    `config` is transformers' configuration of the model, None where it is not known yet (fewer reasons can be
    found then). `device` is torch's name of a device. `training` holds the SFTConfig fields the cell trains with,
    the recipe's own among them; a stage's are laid over them.
    """
    if recipe.stages:
        return _of_stages(recipe, config, device, training or {})
    fields = {**recipe.training, **(training or {})}
    return list(_declared(recipe, device_kind(device), fields)) or list(_on_shapes(recipe, config))


def _declared(recipe: Recipe, device: str, training: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong whatever the model."""
    declared = declared_methods(recipe)
    if len(declared) > 1:
        names = " and ".join(f"`{name}`" for name in declared)
        yield f"{names} are given together: a recipe has one method. Keep one of them."
    yield from starts.declared(recipe)
    yield from method_of(recipe).check(recipe, device=device, training=training)
    chosen_by = recipe.layers.strategy
    if recipe.quantization is not None and strategy(chosen_by).needs_gradient:
        reason = "needs weights with a gradient; quantized ones have none. List the layers."
        yield f'the layer strategy "{chosen_by}" {reason}'


def _on_shapes(recipe: Recipe, config: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield what is wrong on the model of `config`."""
    if config is None:
        return
    try:
        fits = matched(recipe, config)
        described = describe(fits, config)
        if not described.trainable:
            yield nothing_trains(recipe)
        yield from method_of(fits).check_modules(fits, described.modules, empty_model(config))
    except RecipeError as error:
        yield str(error)


def _of_stages(recipe: Recipe, config: Mapping[str, Any] | None, device: str, training: Mapping[str, Any]) -> list[str]:
    """Return the reasons of each stage's recipe, or else those why one cannot follow the other."""
    reasons = [
        f"stage {place}: {reason}"
        for place, stage in enumerate(recipe.stages, start=1)
        for reason in incompatibilities(stage.recipe, config, device, training={**training, **stage.trained.training})
    ]
    return reasons or [
        f"stage {place}: {reason}"
        for place, stage in enumerate(recipe.stages[:-1], start=1)
        if stage.then is not None
        for reason in _of_a_sequence(recipe.stages, place, config)
    ]


def _of_a_sequence(stages: Sequence[Stage], place: int, config: Mapping[str, Any] | None) -> list[str]:
    """Return why the stage at `place` (counted from 1) cannot be followed by the next as it declares."""
    reasons = list(_next_declared(stages[place - 1], stages[place].recipe))
    return reasons or list(_next_on_shapes(stages, place, config))


def _next_declared(stage: Stage, following: Recipe) -> Iterator[str]:
    assert stage.then is not None
    yield from method_of(stage.recipe).check_next(stage.recipe, following, stage.then)
    chosen_by = following.layers.strategy
    if stage.then == "keep" and strategy(chosen_by).reads_data:
        yield f"{following.id} ranks layers by {chosen_by}, in which a kept one counts. Merge, or list the layers."


def _next_on_shapes(stages: Sequence[Stage], place: int, config: Mapping[str, Any] | None) -> Iterator[str]:
    if config is None:
        return
    try:
        earlier = [matched(each, config) for each in at_work(stages, place - 1)]
        this = matched(stages[place - 1].recipe, config)
        if stages[place - 1].then == "keep":
            on_shapes(matched(stages[place].recipe, config), config, seed=0, beside=[*earlier, this])
        else:
            method_of(this).merge(on_shapes(this, config, seed=0, beside=earlier))
    except RecipeError as error:
        yield str(error)
