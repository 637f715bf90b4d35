"""What is wrong with a `search` block: its arms, its seeds, the lengths of its phases, and what they move."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from harness.codec import encode
from harness.errors import Problem
from harness.spec.document import Located
from harness.spec.document import Path as At
from harness.spec.recipe import ReadRecipe
from harness.spec.records import Recipe
from harness.spec.search_checks import Fields, field_problems
from harness.spec.searched import REFUSED

_LENGTHS = ("max_steps", "num_train_epochs")
_LEVELLED = partial(zip, strict=False)
"""Fields of a move go together, level by level; that they have as many levels is a problem of its own."""


def phase_problems(document: Located, recipes: Mapping[str, ReadRecipe]) -> Iterator[Problem]:
    """Yield everything wrong with the experiment's `search` block; the arms are the comparison's candidates."""
    search, names = document.value["search"], document.value["comparison"]["candidates"]
    arms = {name: recipes[name] for name in names if name in recipes}
    yield from _beside(document)
    yield from _arms(document, arms)
    yield from _followers(document, recipes, arms)
    yield from _kept(document, search, len(names))
    yield from _seeds(document, search)
    yield from _lengths(document, search, arms)
    sound = {name: read for name, read in arms.items() if not read.stages}
    for at, move in moves(search):
        yield from _move(document, at, move)
        remedy = "Leave it out, or the arm."
        yield from field_problems(Fields(document, at, move, sound, remedy), recipes, _LEVELLED)


def moves(search: Any) -> Iterator[tuple[At, Mapping[str, Any]]]:
    """Yield the moves of a block and where they stand, without their remarks."""
    factorial = search.get("factorial") or {}
    listed = (("push",), search.get("push") or ()), (("factorial", "cross"), factorial.get("cross") or ())
    for where, found in listed:
        for place, move in enumerate(found):
            yield ("search", *where, place), move


def _beside(document: Located) -> Iterator[Problem]:
    if document.value.get("tune") is not None:
        message = "`tune` searches within every recipe and `search` for one of them: there is one search a run"
        yield document.problem(("search",), message, "Keep one of them.")


def _arms(document: Located, arms: Mapping[str, ReadRecipe]) -> Iterator[Problem]:
    """Yield arms that a search cannot train beside the others, and those that are another one under its name."""
    spec, candidates = document.value, document.value["comparison"]["candidates"]
    if len(candidates) == 1:
        message = "there is one arm: nothing is searched for"
        yield document.problem(("comparison", "candidates"), message, "Name two or more recipes, the arms.")
    same: dict[str, str] = {}
    for place, name in enumerate(candidates):
        at: At = ("comparison", "candidates", place)
        if name in spec.get("arms", {}):
            yield document.problem(at, f"{name!r} is trained already, and a search trains its arms", "Leave it out.")
        if name not in arms:
            continue  # told where names are looked up
        for reason in _unfit(arms[name]):
            yield document.problem(at, f"{name!r} {reason}", "Leave it out of the candidates of a search.")
        said = _alike(arms[name].recipe, spec["training"])
        if said in same:
            message = f"the arm {name!r} is {same[said]!r} again, under another name"
            yield document.problem(at, message, "Leave one of them out.")
        same.setdefault(said, name)


def _unfit(read: ReadRecipe) -> Iterator[str]:
    if read.stages:
        yield "is trained in stages, which a search does not go through"
    if read.recipe.start is not None:
        yield f"starts from an adapter, and {REFUSED['start']}"
    if read.recipe.compute is not None:
        yield "spends as much as another recipe, and arms are given the same steps"
    if read.recipe.control is not None:
        yield "is a placebo, which asks another question"


def _alike(recipe: Recipe, training: Mapping[str, Any]) -> str:
    """Return what tells arms apart that train alike, whatever they are called."""
    own = {key: each for key, each in encode(recipe).items() if key not in ("method", "name", "description")}
    return repr({**own, "training": sorted({**training, **recipe.training}.items())})


def _followers(
    document: Located, recipes: Mapping[str, ReadRecipe], arms: Mapping[str, ReadRecipe]
) -> Iterator[Problem]:
    """Yield recipes beside the arms that spend as much as one of them, which may not be what is left."""
    for name, read in recipes.items():
        other = read.recipe.compute.recipe if read.recipe.compute else None
        if name not in arms and other in arms:
            message = f"{name} spends as much as {other}, an arm, which the search may drop"
            yield document.problem(("recipes",), message, "Leave it out, or name the reference in its `compute`.")


def _kept(document: Located, search: Any, arms: int) -> Iterator[Problem]:
    keep = search["scan"]["keep"]
    if keep > arms:
        message = f"{keep} arms are kept after the scan, and there are {arms}"
        yield document.problem(("search", "scan", "keep"), message, f"Keep 1 to {arms}.")


def _seeds(document: Located, search: Any) -> Iterator[Problem]:
    """Yield seeds that choose and then judge what they chose."""
    runs, factorial = document.value["seeds"], (search.get("factorial") or {}).get("seeds") or ()
    if search["seed"] in runs:
        message = f"the seed {search['seed']} is one of the experiment's, which confirm what the search finds"
        yield document.problem(("search", "seed"), message, "Give the search a seed of its own.")
    for place, seed in enumerate(factorial):
        at: At = ("search", "factorial", "seeds", place)
        if seed in runs:
            message = f"the seed {seed} is one of the experiment's, which confirm what the search finds"
            yield document.problem(at, message, "Give the factorial seeds of its own.")
        elif seed == search["seed"]:
            message = f"the seed {seed} chose what the factorial is made around"
            yield document.problem(at, message, "Give the factorial seeds of its own.")


def _lengths(document: Located, search: Any, arms: Mapping[str, ReadRecipe]) -> Iterator[Problem]:
    """Yield arms of which a scan would be no shorter than a full run."""
    steps, training = search["scan"]["max_steps"], document.value["training"]
    for name, read in arms.items():
        full = {**training, **read.recipe.training}.get("max_steps")
        if isinstance(full, int) and 0 < full <= steps:
            message = f"a scan of {steps} steps is no shorter than a full run of {name}, which has {full}"
            yield document.problem(("search", "scan", "max_steps"), message, f"Give fewer than {full}.")


def _move(document: Located, at: At, move: Mapping[str, Any]) -> Iterator[Problem]:
    counts = {name: len(tried.get("values") or tried.get("factors") or ()) for name, tried in move.items()}
    if len(set(counts.values())) > 1:
        message = f"fields of one move go together, level by level, and have {_listed(counts)} levels"
        yield document.problem(at, message, "Give as many levels to each, or a move to each.")
    for name in move:
        if name in _LENGTHS:
            message = f"`{name}` is how long a training is, and a longer one is no other recipe"
            yield document.problem((*at, name), message, "Leave it out: `training.max_steps` is that of full runs.")
    if at[1] == "push" and all(1 in (each.get("factors") or ()) for each in move.values()):
        yield from _unmoved(document, at, move)


def _unmoved(document: Located, at: At, move: Mapping[str, Any]) -> Iterator[Problem]:
    for level, factors in enumerate(zip(*(each["factors"] for each in move.values()), strict=False)):
        if set(factors) == {1}:
            name = next(iter(move))
            message = "a push by 1 changes nothing: the winner is there as it is"
            yield document.problem((*at, name, "factors", level), message, "Leave it out.")


def _listed(counts: Mapping[str, int]) -> str:
    parts: Iterable[str] = (f"{name} {count}" for name, count in counts.items())
    return ", ".join(parts)
