"""What is wrong with the fields that a search sets: that there is no such field, or what it would be set to.

A combination of a recipe's own fields is checked as the recipe's file would be with these values in it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
Combine = Callable[..., Iterable[tuple[JSON, ...]]]
"""Values of several fields to what is tried of them: `itertools.product` for all combinations, `zip` level by level."""


@dataclass(frozen=True, slots=True)
class Fields:
    """Fields that are searched: what is tried for each, where that stands, and the recipes that they are set in.

    `elsewhere` says what to do where a recipe does not have a field.
    """

    document: Located
    at: At
    tried: Mapping[str, Any]
    recipes: Recipes
    elsewhere: str

    def problem(self, field: str, message: str, remedy: str, *, within: At = ()) -> Problem:
        """Return a problem of a field, or of what stands `within` it."""
        return self.document.problem((*self.at, field, *within), message, remedy)


def searched_problems(document: Located, recipes: Recipes) -> Iterator[Problem]:
    """Yield everything wrong with the fields of the experiment's `tune` block and with their values."""
    tune = document.value["tune"]
    names = [name for name in tune.get("recipes") or recipes if name in recipes and not recipes[name].stages]
    searched = {name: recipes[name] for name in names}
    remedy = "Name the recipes that have it in `tune.recipes`."
    yield from field_problems(Fields(document, ("tune", "search"), tune["search"], searched, remedy), recipes, product)


def field_problems(fields: Fields, recipes: Recipes, combine: Combine) -> Iterator[Problem]:
    """Yield everything wrong with fields and with their values, which `combine` puts together into what is tried.

    `recipes` are all of the experiment's.
    """
    wrong = False
    for field in fields.tried:
        found = [*_field(fields, field), *_factors(fields, field)]
        wrong = wrong or bool(found)
        yield from found
    own = [field for field in fields.tried if is_of_recipe(field)]
    if own and not wrong:
        yield from _matched(fields, own, recipes)
        for name, read in fields.recipes.items():
            yield from _combinations(fields, own, name, read, combine)


def _field(fields: Fields, field: str) -> Iterator[Problem]:
    if is_of_recipe(field) or field in REFUSED:
        yield from _own(fields, field)
        return
    known = fields_of("sft_config")
    if field not in known:
        as_peft = f"PEFT's fields are searched as `peft.{field}`." if field in all_peft_fields() else ""
        remedy = as_peft or nearest(field, known)
        yield fields.problem(field, f"`{field}` is not a field that can be searched", remedy)
        return
    for index, value in enumerate(fields.tried[field].get("values") or ()):
        if not allowed("sft_config", field, value):
            message = f"{value!r} is not a value of `{field}`"
            yield fields.problem(field, message, "It is checked as in `training`.", within=("values", index))


def _own(fields: Fields, field: str) -> Iterator[Problem]:
    """Yield why a field of a recipe's file can be searched in none, or in one of those that are searched."""
    block = field.partition(".")[0]
    reason = REFUSED.get(field, REFUSED.get(block))
    plugins = {each for read in fields.recipes.values() for each in method_blocks(read.document.value)}
    if reason is not None:
        yield fields.problem(field, f"`{field}` is not a field that can be searched: {reason}", "Leave it out.")
    elif block not in BLOCKS and block not in plugins:
        known = (*BLOCKS, *sorted(plugins - {*BLOCKS}))
        remedy = f"Of a recipe there are the blocks {', '.join(known)}."
        yield fields.problem(field, f"`{field}` is not a field that can be searched", remedy)
    elif block in ("peft", "bottleneck", "layers", *plugins) and field == block:
        yield fields.problem(field, f"`{field}` is a whole block", f"Name one of its fields: `{field}.…`.")
    else:
        yield from _lacking(fields, field)


def _lacking(fields: Fields, field: str) -> Iterator[Problem]:
    """Yield which recipes have no block that the field is one of, or a size that follows from another recipe."""
    block = field.partition(".")[0]
    for name, read in fields.recipes.items():
        if block not in ("layers", "modules", "probe_batches") and not read.document.value.get(block):
            message = f"`{field}` is searched for, and {name} has no `{block}` block"
            yield fields.problem(field, message, fields.elsewhere)
        elif field in ("peft.r", "bottleneck.reduction_factor") and read.recipe.match is not None:
            follows = read.recipe.match.recipe.id
            message = f"`{field}` is searched for, and that of {name} follows from {follows}, which it matches"
            yield fields.problem(field, message, fields.elsewhere)


def _matched(fields: Fields, own: Sequence[str], recipes: Recipes) -> Iterator[Problem]:
    """Yield which recipes are to have as many parameters as one whose own number a search may change."""
    for name, read in recipes.items():
        other = read.recipe.match.recipe.id if read.recipe.match else None
        if other in fields.recipes:
            message = f"{name} matches {other} as it is declared, and a search may give that another size"
            yield fields.problem(own[0], message, "Search in recipes that none matches.")


def _factors(fields: Fields, field: str) -> Iterator[Problem]:
    """Refuse factors where a recipe that is searched for gives no number to multiply."""
    for name, read in fields.recipes.items() if fields.tried[field].get("factors") else ():
        training = {**fields.document.value["training"], **read.recipe.training}
        value = declared_value(read.recipe, training, field)
        if not is_number(value):
            message = f"`factors` multiply the `{field}` of {name}, which is {'not given' if value is None else value}"
            place = "recipe" if is_of_recipe(field) else "`training`"
            remedy = f"Give a number in its {place}, or `values`."
            yield fields.problem(field, message, remedy, within=("factors",))


def _combinations(
    fields: Fields, own: Sequence[str], name: str, read: ReadRecipe, combine: Combine
) -> Iterator[Problem]:
    """Yield what would be wrong with a recipe's file for any combination of its own fields, once each."""
    tried = [_values(fields.tried[field], read, field) for field in own]
    said: set[str] = set()
    for combination in combine(*tried):
        values = dict(zip(own, combination, strict=True))
        changed = replace(read.document, value=document_with(read.document.value, values))
        for each in recipe_problems(changed):
            field = next((field for field in own if f"$.{field}".startswith(each.path)), own[0])
            if each.message not in said:
                said.add(each.message)
                shown = ", ".join(f"{key}={value!r}" for key, value in values.items())
                yield fields.problem(field, f"{name} with {shown}: {each.message}", each.remedy)


def _values(search: Any, read: ReadRecipe, field: str) -> Sequence[JSON]:
    if search.get("values"):
        return list(search["values"])
    value = declared_value(read.recipe, {}, field)
    return [times(value, factor) for factor in search["factors"]]
