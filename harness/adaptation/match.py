"""The rank at which a recipe has as many trainable parameters as another."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from harness.adaptation.outline import outline
from harness.errors import RecipeError
from harness.model.shapes import hidden_size
from harness.records import MatchedSize
from harness.spec.records import Match, Recipe


def settled(recipe: Recipe, config: Mapping[str, Any]) -> MatchedSize | None:
    """Return what the recipe's `match` comes to on the model of `config`, None without one; raises as `matched`."""
    if recipe.match is None:
        return None
    fitted = matched(recipe, config)
    return MatchedSize(
        r=None if fitted.peft is None else int(fitted.peft["r"]),
        reduction_factor=None if fitted.bottleneck is None else fitted.bottleneck.reduction_factor,
        recipe=recipe.match.recipe.id,
        parameters=outline(matched(recipe.match.recipe, config), config).trainable,
    )


def matched(recipe: Recipe, config: Mapping[str, Any]) -> Recipe:
    """Return `recipe` with the rank (or bottleneck width) that fits its `match` on the model of `config`.

    A LoRA's alpha keeps its ratio to r. A recipe without `match` comes back as it is. Raises `RecipeError` when
    no whole number comes close enough, with the nearest, and for a method that has no rank to choose.
    """
    if recipe.match is None:
        return recipe
    goal = outline(matched(recipe.match.recipe, config), config).trainable
    sized = _sizing(recipe, config)
    return _fit(recipe, recipe.match, goal, lambda size: outline(sized(size), config).trainable, sized)


def _fit(
    recipe: Recipe, match: Match, goal: int, count: Callable[[int], int], sized: Callable[[int], Recipe]
) -> Recipe:
    # Parameters grow in a straight line with the rank; the tolerance is checked on the true count all the same.
    one, two = count(1), count(2)
    size = max(1, round(1 + (goal - one) / (two - one)))
    nearest = count(size)
    if abs(nearest - goal) > match.tolerance * goal:
        raise RecipeError(
            f"{recipe.id} cannot have the {goal} trainable parameters of {match.recipe.id}: the nearest is rank {size} "
            f"with {nearest} ({100 * (nearest / goal - 1):+.2g}%). Raise match.tolerance above "
            f"{abs(nearest / goal - 1):.3g}, or choose other layers or modules."
        )
    return sized(size)


def _sizing(recipe: Recipe, config: Mapping[str, Any]) -> Callable[[int], Recipe]:
    """Return how the recipe is made of a given size."""
    block = recipe.peft
    bare = replace(recipe, match=None)
    if recipe.bottleneck is not None:
        bottleneck, hidden = recipe.bottleneck, hidden_size(config)
        return lambda size: replace(bare, bottleneck=replace(bottleneck, reduction_factor=hidden / size))
    if block is None or "r" not in block or block.get("rank_pattern"):
        raise RecipeError(f"{recipe.id}: match needs a method with one rank `r` in the peft block, or a bottleneck.")
    ratio = float(block.get("lora_alpha", block["r"])) / int(block["r"])
    alpha = {"lora_alpha"} & set(block)
    return lambda size: replace(bare, peft={**block, "r": size, **dict.fromkeys(alpha, ratio * size)})
