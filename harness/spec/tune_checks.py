"""What no schema can say of a search for training fields: its seeds, its values, and what it chooses by."""

from collections.abc import Iterator, Mapping
from typing import Any

from harness.errors import Problem
from harness.spec.document import Located
from harness.spec.document import Path as At
from harness.spec.numbers import has_next
from harness.spec.recipe import ReadRecipe
from harness.spec.records import MARGIN
from harness.spec.search_checks import searched_problems
from harness.spec.searched import REFUSED, is_of_recipe
from harness.spec.suggest import nearest
from harness.spec.tasks import NamedTasks

_OTHERS = "Name the recipes to search for in `tune.recipes`."

Recipes = Mapping[str, ReadRecipe]


def tune_problems(document: Located, recipes: Recipes, tasks: NamedTasks) -> Iterator[Problem]:
    """Yield everything wrong with the names, values and seed of the search."""
    tune = document.value["tune"]
    if tune is None:
        return
    yield from _seed(document, tune)
    yield from _wide(document, tune)
    yield from metric_problems(document, tasks, "tune")
    yield from _recipes(document, recipes, tune)
    yield from _staged(document, recipes, tune)
    yield from _length(document, recipes, tune)
    yield from searched_problems(document, recipes)


def _seed(document: Located, tune: Any) -> Iterator[Problem]:
    for field in ("seed", "confirm_seed"):
        if tune.get(field) in document.value["seeds"]:
            message = (
                f"the seed {tune[field]} is one of the experiment's: the choice would be made on a run that counts"
            )
            yield document.problem(("tune", field), message, "Give the trials a seed of their own.")
    if tune.get("confirm_seed") == tune["seed"]:
        message = f"{tune['seed']} is the trials' seed already: a choice is confirmed by another one"
        yield document.problem(("tune", "confirm_seed"), message, "Give a second seed.")


def _wide(document: Located, tune: Any) -> Iterator[Problem]:
    """Refuse to widen a search none of whose fields has a next number."""
    wide = [
        search.get("values") or search.get("factors") or ()
        for field, search in tune["search"].items()
        if not is_of_recipe(field)
    ]
    if tune.get("widen") and not any(has_next(each) for each in wide):
        message = "no field of SFTConfig is searched by two numbers or more, all above 0: there is none beyond its edge"
        yield document.problem(("tune", "widen"), message, "Give one such numbers, or leave `widen` out.")


def metric_problems(document: Located, tasks: NamedTasks, block: str) -> Iterator[Problem]:
    """Refuse to choose by a margin where the validation rows are no task's validation split, or have none."""
    rows = document.value.get("validation") or {}
    data = rows.get("data") or {**document.value.get("data", {}), "split": "validation"}
    chosen_by = document.value[block].get("metric", "loss")
    if chosen_by == "loss" or "data" not in document.value:
        return
    at: At = (block, "metric")
    message = f"{chosen_by!r} takes options beside the right answer"
    if rows.get("share") or data["source"] != "task" or data.get("split") != "validation":
        remedy = 'Choose by "loss", or let the validation rows be the validation split of a task.'
        yield document.problem(at, f"{message}, which these validation rows do not have", remedy)
    elif data["task"] in tasks.declared:
        known = tasks.declared[data["task"]].metrics
        if known and MARGIN not in known:
            remedy = f'It reports {", ".join(known)}. Choose by "loss".'
            yield document.problem(at, f"{message}, and {data['task']!r} reports no {MARGIN}", remedy)


def _recipes(document: Located, recipes: Recipes, tune: Any) -> Iterator[Problem]:
    for index, name in enumerate(tune.get("recipes") or ()):
        if name not in recipes:
            message = f"{name!r} is not among the experiment's recipes"
            yield document.problem(("tune", "recipes", index), message, nearest(name, recipes))


def _staged(document: Located, recipes: Recipes, tune: Any) -> Iterator[Problem]:
    at: At = ("tune", "recipes") if tune.get("recipes") else ("tune",)
    for name in tune.get("recipes") or recipes:
        if name not in recipes:
            continue
        if recipes[name].stages:
            message = f"{name!r} is trained in stages, which a search does not go through"
            yield document.problem(at, message, _OTHERS)
        if recipes[name].recipe.start is not None:
            yield document.problem(at, f"{name!r} starts from an adapter, and {REFUSED['start']}", _OTHERS)


def _length(document: Located, recipes: Recipes, tune: Any) -> Iterator[Problem]:
    """Refuse a search over the length of training where something else fixes it: all trials would be the same."""
    fixed = tune.get("max_steps") is not None
    if "max_steps" in tune["search"] and fixed:
        message = "`max_steps` is searched for, and `tune.max_steps` sets it for every trial"
        yield document.problem(("tune", "search", "max_steps"), message, "Keep one of them.")
    fixed = fixed or any(_steps(document, recipes, name) > 0 for name in tune.get("recipes") or recipes)
    if "num_train_epochs" in tune["search"] and fixed:
        message = "`num_train_epochs` has no effect beside `max_steps`"
        yield document.problem(("tune", "search", "num_train_epochs"), message, "Search over `max_steps`.")


def _steps(document: Located, recipes: Recipes, name: str) -> int:
    own = recipes[name].recipe.training if name in recipes else {}
    steps = {**document.value["training"], **own}.get("max_steps", -1)
    return steps if isinstance(steps, int) else -1
