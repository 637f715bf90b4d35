"""Why a recipe cannot work, as far as can be said before anything is downloaded or trained."""

from collections.abc import Iterator, Mapping
from typing import Any

from harness.errors import RecipeError
from harness.methods.dispatch import method_of
from harness.methods.dry_run import describe, matched
from harness.methods.layers.choose import strategy
from harness.methods.stages import sequence_incompatibilities
from harness.methods.traits import declared_methods
from harness.model.shapes import empty_model
from harness.spec.records import Recipe


def incompatibilities(
    recipe: Recipe,
    config: Mapping[str, Any] | None,
    device: str,
    *,
    training: Mapping[str, Any] | None = None,
) -> list[str]:
    """Return every reason why `recipe` would fail, each with what to do; an empty list where none is known.

    `config` is transformers' configuration of the model, None where it is not known yet (fewer reasons can be
    found then). `device` is ``cpu`` or ``cuda``. `training` holds the SFTConfig fields the cell trains with,
    the recipe's own among them; a stage's are laid over them.
    """
    if recipe.stages:
        return _of_stages(recipe, config, device, training or {})
    fields = {**recipe.training, **(training or {})}
    return list(_declared(recipe, device.partition(":")[0], fields)) or _on_shapes(recipe, config)


def _of_stages(recipe: Recipe, config: Mapping[str, Any] | None, device: str, training: Mapping[str, Any]) -> list[str]:
    """Return the reasons of each stage's recipe, or else those why one cannot follow the other."""
    reasons = [
        f"stage {place}: {reason}"
        for place, stage in enumerate(recipe.stages, start=1)
        for reason in incompatibilities(stage.recipe, config, device, training={**training, **stage.trained.training})
    ]
    return reasons or list(sequence_incompatibilities(recipe, config))


def _declared(recipe: Recipe, device: str, training: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong whatever the model."""
    declared = declared_methods(recipe)
    if len(declared) > 1:
        names = " and ".join(f"`{name}`" for name in declared)
        yield f"{names} are given together: a recipe has one method. Keep one of them."
    yield from method_of(recipe).check(recipe, device=device, training=training)
    chosen_by = recipe.layers.strategy
    if recipe.quantization is not None and strategy(chosen_by).needs_gradient:
        reason = "needs weights with a gradient; quantized ones have none. List the layers."
        yield f'the layer strategy "{chosen_by}" {reason}'


def _on_shapes(recipe: Recipe, config: Mapping[str, Any] | None) -> list[str]:
    if config is None:
        return []
    try:
        fits = matched(recipe, config)
        modules = describe(fits, config).modules
        return list(method_of(fits).check_modules(fits, modules, empty_model(config)))
    except RecipeError as error:
        return [str(error)]
