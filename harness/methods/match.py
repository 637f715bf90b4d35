"""The rank (or width) at which a recipe has as many trainable parameters as another."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from harness.errors import RecipeError
from harness.methods.dispatch import method_of
from harness.spec.records import Recipe


def fitted(recipe: Recipe, goal: int, config: Mapping[str, Any], count: Callable[[Recipe], int]) -> Recipe:
    """Return `recipe`, which declares a `match`, at the size at which `count` comes closest to `goal` parameters.

    `config` is the model's. Parameters grow in a straight line with the size; the tolerance is checked on the true
    count all the same. Raises `RecipeError` when no whole number comes close enough, with the nearest, and for a
    method that has no size to choose.
    """
    assert recipe.match is not None
    method, bare = method_of(recipe), replace(recipe, match=None)
    one, two = (count(method.with_size(bare, size, config)) for size in (1, 2))
    size = max(1, round(1 + (goal - one) / (two - one)))
    fits = method.with_size(bare, size, config)
    nearest = count(fits)
    if abs(nearest - goal) > recipe.match.tolerance * goal:
        other = recipe.match.recipe.id
        raise RecipeError(
            f"{recipe.id} cannot have the {goal} trainable parameters of {other}: the nearest is rank {size} "
            f"with {nearest} ({100 * (nearest / goal - 1):+.2g}%). Raise match.tolerance above "
            f"{abs(nearest / goal - 1):.3g}, or choose other layers or modules."
        )
    return fits
