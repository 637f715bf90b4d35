"""Whether the adapters that recipes start from are such as the recipes say, before anything is trained."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from harness.errors import HarnessError, RecipeError
from harness.methods.layers.choose import depends_on_seed
from harness.methods.starts import Shape, misfits, shape_of
from harness.sources.weights import folder_of, is_local
from harness.spec.existing import Weights
from harness.spec.records import Experiment, Recipe


def check_starts(experiment: Experiment, config: Mapping[str, Any], *, local: bool = False) -> None:
    """Raise `RecipeError` with every reason why a recipe cannot start from the adapter that it names.

    The arms have been looked at: they are adapters of the model of `config`. With `local` what would have to be fetched
    is left out.
    """
    known: dict[tuple[str, int | None], Shape] = {}

    def shape(recipe: Recipe, seed: int) -> Shape:
        place = recipe.id, seed if depends_on_seed(recipe.layers) else None
        if place not in known:
            known[place] = shape_of(recipe, config, seed=seed)
        return known[place]

    reasons = [
        f"{recipe.id}: {weights.address}: {reason}"
        for recipe, seed, weights in _listed(experiment)
        if not local or is_local(weights, "adapter")
        for reason in _reasons(recipe, weights, partial(shape, recipe, seed))
    ]
    if reasons:
        raise RecipeError("\n".join(dict.fromkeys(reasons)))


def _listed(experiment: Experiment) -> Iterator[tuple[Recipe, int, Weights]]:
    for recipe in experiment.recipes:
        for seed in experiment.seeds:
            weights = experiment.start_of(recipe, seed)
            if weights is not None:
                yield recipe, seed, weights


def _reasons(recipe: Recipe, weights: Weights, shape: Callable[[], Shape]) -> list[str]:
    try:
        return list(misfits(recipe, folder_of(weights), shape))
    except HarnessError as error:
        return [str(error)]
