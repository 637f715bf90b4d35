"""Recipes that differ from another one in declared factors: a sensitivity study without a file for each variant.

A level of a factor is what a recipe file that extends the centre would say. One at a time, each variant has one level
of one factor and is otherwise the centre; in full, one level of every factor.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from harness.codec import JSON
from harness.errors import Problem
from harness.spec.document import Located, merged
from harness.spec.document import Path as At
from harness.spec.records import Factor, Factors
from harness.spec.suggest import nearest

_BLOCK = "factors"


@dataclass(frozen=True, slots=True)
class Variant:
    """A recipe that is another one but for some `levels`, by factor."""

    centre: str
    levels: Mapping[str, str]

    @property
    def id(self) -> str:
        """The name that tables, cells and `comparison` call it by: ``lora--r8-rank-4``."""
        return "-".join((self.centre, *(f"{factor}-{level}" for factor, level in self.levels.items())))


def variants(factors: Factors | None) -> tuple[Variant, ...]:
    """Return the variants that factors declare, in their order; a level that changes nothing is the centre's own."""
    if factors is None:
        return ()
    own = {(each.name, level) for each in factors.varied for level, does in _levels(each) if not does}
    return tuple(
        Variant(centre, levels)
        for centre in factors.of
        for levels in _designed(factors)
        if not own.issuperset(levels.items())
    )


def _designed(factors: Factors) -> Iterator[dict[str, str]]:
    if factors.design == "full":
        names = [each.name for each in factors.varied]
        for levels in product(*(each.levels for each in factors.varied)):
            yield dict(zip(names, levels, strict=True))
        return
    for each in factors.varied:
        yield from ({each.name: level} for level in each.levels)


def _levels(factor: Factor) -> Iterator[tuple[str, Mapping[str, JSON]]]:
    return zip(factor.levels, factor.changes, strict=True)


def declared(document: Located) -> Factors | None:
    """Return the factors of a document whose block satisfies the schema."""
    block: dict[str, Any] | None = document.value.get(_BLOCK)
    if block is None:
        return None
    of = block["of"]
    centres = (of,) if isinstance(of, str) else tuple(of)
    varied = tuple(
        Factor(name=name, levels=tuple(levels), changes=tuple(levels.values()))
        for name, levels in block["levels"].items()
    )
    return Factors(of=centres, design=block.get("design", "one_at_a_time"), varied=varied)


def varied(document: Located, centre: Located, variant: Variant) -> Located:
    """Return the document of a variant's recipe: its levels laid over the `centre`, each placed where it is written."""
    says = ", ".join(f"{factor} {level}" for factor, level in variant.levels.items())
    centre = Located({**centre.value, "description": f"{variant.centre} with {says}."}, centre.places)
    for factor, level in variant.levels.items():
        at: At = (_BLOCK, "levels", factor, level)
        own = {path[len(at) :]: place for path, place in document.places.items() if path[: len(at)] == at}
        centre = merged(
            centre, Located(document.value[_BLOCK]["levels"][factor][level], {(): document.place(at), **own})
        )
    return centre


def factor_problems(document: Located, recipes: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield centres that are no recipes of the experiment, and levels that vary nothing."""
    factors = declared(document)
    if factors is None:
        return
    for place, centre in enumerate(factors.of):
        if centre not in recipes:
            at: At = (_BLOCK, "of") if isinstance(document.value[_BLOCK]["of"], str) else (_BLOCK, "of", place)
            yield document.problem(at, f"{centre!r} is not among the experiment's recipes", nearest(centre, recipes))
    if factors.design == "full":
        return
    for factor in factors.varied:
        for level, changes in _levels(factor):
            if not changes:
                message = f"the level {level!r} of {factor.name!r} changes nothing: one at a time, that is the centre"
                yield document.problem((_BLOCK, "levels", factor.name, level), message, "Leave it out.")
