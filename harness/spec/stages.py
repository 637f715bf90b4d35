"""What must hold between the stages of a recipe, as far as their JSON says it."""

from collections.abc import Iterator, Sequence

from harness.errors import Problem
from harness.spec.located import Located
from harness.spec.records import Recipe


def stage_problems(document: Located, recipes: Sequence[Recipe | None]) -> Iterator[Problem]:
    """Yield what is wrong with the order of stages and with what becomes of their adapters.

    `recipes` are those of the stages, None for one that could not be read and is told elsewhere.
    """
    for place, recipe in enumerate(recipes):
        yield from _data(document, place)
        yield from _compute(document, place, recipe)
        if place == len(recipes) - 1:
            yield from _last(document, place)
        elif recipe is not None:
            yield from _then(document, place, recipe)
            yield from _base(document, place, recipe)
    yield from _quantization(document, recipes)


def _data(document: Located, place: int) -> Iterator[Problem]:
    data = document.value["stages"][place].get("data") or {}
    if data.get("share") is not None:
        remedy = "Leave it out: a stage trains on all rows of its data."
        yield document.problem(("stages", place, "data", "share"), "`share` belongs to a mix", remedy)


def _compute(document: Located, place: int, recipe: Recipe | None) -> Iterator[Problem]:
    if recipe is not None and recipe.compute is not None:
        message = f"{recipe.id} spends as much as another recipe's whole run, which a stage is not"
        yield document.problem(("stages", place, "recipe"), message, "Use a recipe without `compute`.")


def _last(document: Located, place: int) -> Iterator[Problem]:
    if document.value["stages"][place].get("then") is not None:
        message = "`then` speaks of a next stage, and this is the last"
        yield document.problem(("stages", place, "then"), message, "Leave it out: what it trains is scored as it is.")


def _then(document: Located, place: int, recipe: Recipe) -> Iterator[Problem]:
    then = document.value["stages"][place].get("then")
    if recipe.peft is None and recipe.bottleneck is None:
        if then is not None:
            message = f"{recipe.id} trains the model's own weights and leaves no adapter to {then}"
            yield document.problem(("stages", place, "then"), message, "Leave it out.")
    elif then is None:
        message = "`then` is missing: what becomes of the adapter before the next stage"
        remedy = 'Say "merge" (folded into the weights) or "keep" (frozen, at work beside the next one).'
        yield document.problem(("stages", place), message, remedy)


def _base(document: Located, place: int, recipe: Recipe) -> Iterator[Problem]:
    """Refuse what no next stage can start from."""
    if recipe.bottleneck is not None:
        message = f"{recipe.id} is a bottleneck adapter, which can be neither merged nor kept beside another"
        yield document.problem(("stages", place, "recipe"), message, "Make it the last stage.")
    elif recipe.quantization is not None and document.value["stages"][place].get("then") == "merge":
        message = f"{recipe.id} trains on quantized weights: merged into them, its update would be rounded off"
        yield document.problem(("stages", place, "then"), message, 'Use "keep", or a recipe without `quantization`.')


def _quantization(document: Located, recipes: Sequence[Recipe | None]) -> Iterator[Problem]:
    first = recipes[0]
    for place, recipe in enumerate(recipes):
        if first is not None and recipe is not None and recipe.quantization != first.quantization:
            message = f"{recipe.id} and {first.id} differ in `quantization`, and the base is loaded once for all stages"
            yield document.problem(("stages", place, "recipe"), message, "Use recipes that load it alike.")
