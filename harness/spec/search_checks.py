"""What is wrong with the fields that a `tune` block searches: that there is no such field, or what it would be set to.

A combination of a recipe's own fields is checked as the recipe's file would be with these values in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from harness.codec import JSON
from harness.errors import Problem
from harness.spec.document import Located
from harness.spec.document import Path as At
from harness.spec.numbers import is_number, times
from harness.spec.recipe import ReadRecipe, recipe_problems
from harness.spec.schema import all_peft_fields, allowed, fields_of, method_blocks
from harness.spec.searched import BLOCKS, REFUSED, declared_value, document_with, is_of_recipe
from harness.spec.suggest import nearest

Recipes = Mapping[str, ReadRecipe]


def searched_problems(document: Located, recipes: Recipes) -> Iterator[Problem]:
    """Yield everything wrong with the fields of the experiment's `tune` block and with their values."""
    tune = document.value["tune"]
    names = [name for name in tune.get("recipes") or recipes if name in recipes and not recipes[name].stages]
    searched = {name: recipes[name] for name in names}
    wrong = False
    for field, search in tune["search"].items():
        found = [*_field(document, field, search, searched), *_factors(document, field, search, searched)]
        wrong = wrong or bool(found)
        yield from found
    own = [field for field in tune["search"] if is_of_recipe(field)]
    if own and not wrong:
        yield from _matched(document, own, recipes, searched)
        for name, read in searched.items():
            yield from _combinations(document, own, name, read)


def _field(document: Located, field: str, search: Any, recipes: Recipes) -> Iterator[Problem]:
    at: At = ("tune", "search", field)
    if is_of_recipe(field) or field in REFUSED:
        yield from _own(document, field, recipes)
        return
    known = fields_of("sft_config")
    if field not in known:
        as_peft = f"PEFT's fields are searched as `peft.{field}`." if field in all_peft_fields() else ""
        remedy = as_peft or nearest(field, known)
        yield document.problem(at, f"`{field}` is not a field that can be searched", remedy)
        return
    for index, value in enumerate(search.get("values") or ()):
        if not allowed("sft_config", field, value):
            message = f"{value!r} is not a value of `{field}`"
            yield document.problem((*at, "values", index), message, "It is checked as in `training`.")


def _own(document: Located, field: str, recipes: Recipes) -> Iterator[Problem]:
    """Yield why a field of a recipe's file can be searched in none, or in one of those that are searched."""
    at: At = ("tune", "search", field)
    block = field.partition(".")[0]
    reason = REFUSED.get(field, REFUSED.get(block))
    plugins = {each for read in recipes.values() for each in method_blocks(read.document.value)}
    if reason is not None:
        yield document.problem(at, f"`{field}` is not a field that can be searched: {reason}", "Leave it out.")
    elif block not in BLOCKS and block not in plugins:
        known = (*BLOCKS, *sorted(plugins - {*BLOCKS}))
        remedy = f"Of a recipe there are the blocks {', '.join(known)}."
        yield document.problem(at, f"`{field}` is not a field that can be searched", remedy)
    elif block in ("peft", "bottleneck", "layers", *plugins) and field == block:
        yield document.problem(at, f"`{field}` is a whole block", f"Name one of its fields: `{field}.…`.")
    else:
        yield from _lacking(document, field, recipes)


def _lacking(document: Located, field: str, recipes: Recipes) -> Iterator[Problem]:
    """Yield which recipes have no block that the field is one of, or a size that follows from another recipe."""
    at: At = ("tune", "search", field)
    block = field.partition(".")[0]
    remedy = "Name the recipes that have it in `tune.recipes`."
    for name, read in recipes.items():
        if block not in ("layers", "modules", "probe_batches") and not read.document.value.get(block):
            yield document.problem(at, f"`{field}` is searched for, and {name} has no `{block}` block", remedy)
        elif field in ("peft.r", "bottleneck.reduction_factor") and read.recipe.match is not None:
            follows = read.recipe.match.recipe.id
            message = f"`{field}` is searched for, and that of {name} follows from {follows}, which it matches"
            yield document.problem(at, message, remedy)


def _matched(document: Located, own: Sequence[str], recipes: Recipes, searched: Recipes) -> Iterator[Problem]:
    """Yield which recipes are to have as many parameters as one whose own number a search may change."""
    for name, read in recipes.items():
        other = read.recipe.match.recipe.id if read.recipe.match else None
        if other in searched:
            message = f"{name} matches {other} as it is declared, and a search may give that another size"
            yield document.problem(("tune", "search", own[0]), message, "Search in recipes that none matches.")


def _factors(document: Located, field: str, search: Any, recipes: Recipes) -> Iterator[Problem]:
    """Refuse factors where a recipe that is searched for gives no number to multiply."""
    for name, read in recipes.items() if search.get("factors") else ():
        value = declared_value(read.recipe, {**document.value["training"], **read.recipe.training}, field)
        if not is_number(value):
            message = f"`factors` multiply the `{field}` of {name}, which is {'not given' if value is None else value}"
            place = "recipe" if is_of_recipe(field) else "`training`"
            remedy = f"Give a number in its {place}, or `values`."
            yield document.problem(("tune", "search", field, "factors"), message, remedy)


def _combinations(document: Located, own: Sequence[str], name: str, read: ReadRecipe) -> Iterator[Problem]:
    """Yield what would be wrong with a recipe's file for any combination of its own fields, once each."""
    tried = [_values(document.value["tune"]["search"][field], read, field) for field in own]
    said: set[str] = set()
    for combination in product(*tried):
        values = dict(zip(own, combination, strict=True))
        changed = replace(read.document, value=document_with(read.document.value, values))
        for each in recipe_problems(changed):
            field = next((field for field in own if f"$.{field}".startswith(each.path)), own[0])
            if each.message not in said:
                said.add(each.message)
                shown = ", ".join(f"{key}={value!r}" for key, value in values.items())
                message = f"{name} with {shown}: {each.message}"
                yield document.problem(("tune", "search", field), message, each.remedy)


def _values(search: Any, read: ReadRecipe, field: str) -> Sequence[JSON]:
    if search.get("values"):
        return list(search["values"])
    value = declared_value(read.recipe, {}, field)
    return [times(value, factor) for factor in search["factors"]]
