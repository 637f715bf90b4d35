"""Why what one stage of a recipe leaves behind cannot serve the next."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.errors import RecipeError
from harness.methods.dispatch import method_of
from harness.methods.dry_run import at_work, matched, on_shapes
from harness.methods.layers.choose import strategy
from harness.spec.records import Recipe, Stage


def sequence_incompatibilities(recipe: Recipe, config: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield the reasons, each with the stage that it is about.

    `config` is the model's, None where it is not known; with it, what follows is tried on the model's shapes.
    """
    for place, (stage, following) in enumerate(zip(recipe.parts, recipe.parts[1:], strict=False), start=1):
        reasons = [] if stage.then is None else list(_declared(stage, following.recipe))
        yield from (f"stage {place}: {reason}" for reason in reasons)
        if config is not None and stage.then is not None and not reasons:
            yield from (f"stage {place}: {reason}" for reason in _on_shapes(recipe.parts, place, config))


def _declared(stage: Stage, following: Recipe) -> Iterator[str]:
    assert stage.then is not None
    yield from method_of(stage.recipe).check_next(stage.recipe, following, stage.then)
    chosen_by = following.layers.strategy
    if stage.then == "keep" and strategy(chosen_by).reads_data:
        yield f"{following.id} ranks layers by {chosen_by}, in which a kept one counts. Merge, or list the layers."


def _on_shapes(parts: Sequence[Stage], place: int, config: Mapping[str, Any]) -> Iterator[str]:
    """Try what follows the stage at `place` (counted from 1)."""
    try:
        earlier = [matched(each, config) for each in at_work(parts, place - 1)]
        this = matched(parts[place - 1].recipe, config)
        if parts[place - 1].then == "keep":
            on_shapes(matched(parts[place].recipe, config), config, seed=0, beside=[*earlier, this])
        else:
            method_of(this).merge(on_shapes(this, config, seed=0, beside=earlier))
    except RecipeError as error:
        yield str(error)
