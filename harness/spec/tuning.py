"""What no schema can say about a `tune` block."""

from collections.abc import Iterator
from typing import Any

from harness.errors import Problem
from harness.spec.context import Context
from harness.spec.located import Path as At
from harness.spec.schema import allowed, fields_of
from harness.spec.suggest import nearest


def tune_problems(context: Context) -> Iterator[Problem]:
    """Yield everything wrong with the names, values and seed of the search."""
    tune = context.spec["tune"]
    if tune is None:
        return
    yield from _seed(context, tune)
    yield from _recipes(context, tune)
    yield from _staged(context, tune)
    yield from _length(context, tune)
    for field, search in tune["search"].items():
        yield from _search(context, field, search)


def _seed(context: Context, tune: Any) -> Iterator[Problem]:
    if tune["seed"] in context.spec["seeds"]:
        message = f"the seed {tune['seed']} is one of the experiment's: the choice would be made on a run that counts"
        yield context.document.problem(("tune", "seed"), message, "Give the trials a seed of their own.")


def _recipes(context: Context, tune: Any) -> Iterator[Problem]:
    for index, name in enumerate(tune.get("recipes") or ()):
        if name not in context.recipes:
            message = f"{name!r} is not among the experiment's recipes"
            yield context.document.problem(("tune", "recipes", index), message, nearest(name, context.recipes))


def _staged(context: Context, tune: Any) -> Iterator[Problem]:
    for name in tune.get("recipes") or context.recipes:
        if name in context.recipes and context.recipes[name].stages:
            at: At = ("tune", "recipes") if tune.get("recipes") else ("tune",)
            message = f"{name!r} is trained in stages, which a search does not go through"
            yield context.document.problem(at, message, "Name the recipes to search for in `tune.recipes`.")


def _length(context: Context, tune: Any) -> Iterator[Problem]:
    """Refuse a search over the length of training where something else settles it: all trials would be one."""
    fixed = tune.get("max_steps") is not None
    if "max_steps" in tune["search"] and fixed:
        message = "`max_steps` is searched for, and `tune.max_steps` sets it for every trial"
        yield context.document.problem(("tune", "search", "max_steps"), message, "Keep one of them.")
    said = fixed or any(_steps(context, name) > 0 for name in tune.get("recipes") or context.recipes)
    if "num_train_epochs" in tune["search"] and said:
        message = "`num_train_epochs` counts for nothing beside `max_steps`"
        yield context.document.problem(("tune", "search", "num_train_epochs"), message, "Search over `max_steps`.")


def _steps(context: Context, name: str) -> int:
    own = context.recipes[name].recipe.training if name in context.recipes else {}
    steps = {**context.spec["training"], **own}.get("max_steps", -1)
    return steps if isinstance(steps, int) else -1


def _search(context: Context, field: str, search: Any) -> Iterator[Problem]:
    at: At = ("tune", "search", field)
    known = fields_of("sft_config")
    if field not in known:
        yield context.document.problem(at, f"`{field}` is no field that can be searched", nearest(field, known))
        return
    for index, value in enumerate(search.get("values") or ()):
        if not allowed("sft_config", field, value):
            message = f"{value!r} is no value of `{field}`"
            yield context.document.problem((*at, "values", index), message, "It is checked as in `training`.")
    if search.get("factors"):
        yield from _factors(context, field, at)


def _factors(context: Context, field: str, at: At) -> Iterator[Problem]:
    """Refuse factors where a recipe that is searched for says no number to multiply."""
    searched = context.spec["tune"].get("recipes") or context.recipes
    for name in searched:
        if name not in context.recipes:
            continue
        value = {**context.spec["training"], **context.recipes[name].recipe.training}.get(field)
        if not isinstance(value, int | float) or isinstance(value, bool):
            message = f"`factors` multiply the `{field}` of {name}, which is {'not said' if value is None else value}"
            yield context.document.problem((*at, "factors"), message, "Say a number in its `training`, or `values`.")
