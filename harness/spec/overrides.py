"""What the command line changes about a spec, laid over it before anything is checked."""

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from harness.codec import JSON
from harness.errors import Problem, SpecError
from harness.spec.document import Located, Path, Place, json_path
from harness.spec.records import Workers
from harness.spec.suggest import nearest

_Step = Callable[..., Located]
_STEP = re.compile(r"(?:^|\.)(?P<key>[A-Za-z_$][\w$-]*)|\[(?P<index>\d+)\]")
_OF_A_FILE = ("extends", "$schema")


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """The options that every verb on a spec takes.

    `set` holds ``path=value`` texts, `only` names of recipes, suites and models to keep, `device` is
    ``execute.device``, `workers` ``execute.workers``.
    """

    set: tuple[str, ...] = ()
    seeds: tuple[int, ...] | None = None
    limit: int | None = None
    only: tuple[str, ...] = ()
    device: str | None = None
    workers: Workers | None = None

    def words(self) -> tuple[str, ...]:
        """Return what was overridden as it would be typed; this stands in the lock file and the report."""
        return tuple(option for option, _ in _steps(self))


def overridden(document: Located, overrides: Overrides) -> tuple[Located, list[Problem]]:
    """Return the document with the overrides laid over it, and what is wrong with those that cannot be.

    Each part that was overridden is placed at its option.
    """
    problems: list[Problem] = []
    for option, step in _steps(overrides):
        try:
            document = step(document, option=option)
        except SpecError as error:
            problems.extend(error.problems)
    return document, problems


def _steps(overrides: Overrides) -> Iterator[tuple[str, _Step]]:
    """Yield each option as it would be typed, and what it does."""
    for text in overrides.set:
        yield f"--set {text}", partial(_set_text, text=text)
    seeds = overrides.seeds
    if seeds is not None:
        typed = ",".join(map(str, seeds))
        yield f"--seeds {typed}", partial(_put, path=("seeds",), value=list(seeds))
    limit = overrides.limit
    if limit is not None:
        yield f"--limit {limit}", partial(_limited, items=limit)
    if overrides.only:
        typed = ",".join(overrides.only)
        yield f"--only {typed}", partial(_keep_only, names=overrides.only)
    if overrides.workers is not None:
        yield f"--workers {overrides.workers}", partial(_put, path=("execute", "workers"), value=overrides.workers)
    if overrides.device is not None:
        yield f"--device {overrides.device}", partial(_put, path=("execute", "device"), value=overrides.device)


def _limited(document: Located, *, items: int, option: str) -> Located:
    """Score at most `items` of every suite, whatever the suite says."""
    document = _put(document, ("evaluation", "limit"), items, option)
    suites = document.value.get("suites")
    for index, suite in enumerate(suites if isinstance(suites, list) else []):
        if isinstance(suite, dict) and suite.get("limit") is not None:
            path: Path = ("suites", index, "limit")
            document = _put(document, path, items, option)
    return document


def _keep_only(document: Located, names: tuple[str, ...], option: str) -> Located:
    """Keep the recipes and suites that are named; a kind of which none is named stays whole.

    Models that are named are kept by who reads the spec: a run folder is of all that it declares. Raises `SpecError`
    for a name the spec does not have, and where the reference recipe, every candidate or the in-domain suites would be
    left out: there would be nothing to compare.
    """
    recipes = _recipes(document.value)
    suites = [str(suite.get("task")) for suite in _suites(document.value)]
    arms = document.value.get("arms")
    recipes += list(arms) if isinstance(arms, dict) else []
    models = document.value.get("models")
    of_models = list(models) if isinstance(models, dict) else []
    known = [*recipes, *suites, *of_models]
    kinds = "recipe, suite or model" if of_models else "recipe or suite"
    problems = [
        Problem(option, "$", None, f"{name!r} is not a {kinds} of the spec", nearest(name, known))
        for name in names
        if name not in known
    ]
    problems += _nothing_to_compare(document.value, names, option)
    if problems:
        raise SpecError(problems)
    if set(names) & set(recipes):
        document = _without_factors(_without_arms(_without_recipes(document, names, option), names), names)
        document = _filtered(document, ("comparison", "candidates"), option, lambda name: name in names)
    if set(names) & set(suites):
        document = _filtered(
            document, ("suites",), option, lambda suite: isinstance(suite, dict) and suite.get("task") in names
        )
    return document


def _without_recipes(document: Located, names: tuple[str, ...], option: str) -> Located:
    """Keep the recipes that are named; where there is none among arms that are, leave the list out."""
    document = _filtered(document, ("recipes",), option, lambda name: name in names)
    left = {key: block for key, block in document.value.items() if key != "recipes" or block != []}
    return Located(left if document.value.get("arms") else document.value, document.places)


def _without_factors(document: Located, names: tuple[str, ...]) -> Located:
    """Keep the factors of the recipes that are named."""
    factors = document.value.get("factors")
    of = factors.get("of") if isinstance(factors, dict) else None
    kept = (
        [name for name in ([of] if isinstance(of, str) else of) if name in names] if isinstance(of, str | list) else []
    )
    if isinstance(factors, dict) and kept:
        return Located({**document.value, "factors": {**factors, "of": kept}}, document.places)
    return Located({key: block for key, block in document.value.items() if key != "factors"}, document.places)


def _without_arms(document: Located, names: tuple[str, ...]) -> Located:
    """Keep the arms that are named."""
    arms = document.value.get("arms")
    if not isinstance(arms, dict):
        return document
    kept = {name: arm for name, arm in arms.items() if name in names}
    if kept:
        return Located({**document.value, "arms": kept}, document.places)
    return Located({key: block for key, block in document.value.items() if key != "arms"}, document.places)


def _nothing_to_compare(spec: dict[str, Any], names: tuple[str, ...], option: str) -> list[Problem]:
    found = []
    comparison = spec.get("comparison")
    comparison = comparison if isinstance(comparison, dict) else {}
    reference, candidates = comparison.get("reference"), comparison.get("candidates")
    arms = spec.get("arms")
    if set(names) & {*_recipes(spec), *(arms if isinstance(arms, dict) else ())}:
        if reference not in names:
            message = f"it leaves out the reference `{reference}`"
            found.append(Problem(option, "$.recipes", None, message, f"Name `{reference}` too."))
        if isinstance(candidates, list) and not any(name in names for name in candidates):
            message = "it leaves no recipe to compare with the reference"
            remedy = f"Name one of: {', '.join(map(str, candidates))}."
            found.append(Problem(option, "$.comparison.candidates", None, message, remedy))
    home = [suite.get("task") for suite in _suites(spec) if suite.get("role") == "in_domain"]
    all_suites = [suite.get("task") for suite in _suites(spec)]
    if any(name in all_suites for name in names) and not any(task in names for task in home):
        remedy = f"Name one of: {', '.join(map(str, home))}."
        found.append(Problem(option, "$.suites", None, "it leaves out every in-domain suite", remedy))
    return found


def _recipes(spec: dict[str, Any]) -> list[str]:
    recipes = spec.get("recipes")
    return [name for name in recipes if isinstance(name, str)] if isinstance(recipes, list) else []


def _suites(spec: dict[str, Any]) -> list[dict[str, Any]]:
    suites = spec.get("suites")
    return [suite for suite in suites if isinstance(suite, dict)] if isinstance(suites, list) else []


def _filtered(document: Located, path: tuple[str, ...], option: str, keep: Callable[[Any], bool]) -> Located:
    """Drop items of the list at `path`; those that stay keep their places. The schema refuses what is not a list."""
    old = _list_at(document.value, path)
    if old is None:
        return document
    kept = [index for index, item in enumerate(old) if keep(item)]
    filtered = _put(document, path, [old[index] for index in kept], option)
    places = dict(filtered.places)
    depth = len(path)
    for new, index in enumerate(kept):
        for known, place in document.places.items():
            if known[: depth + 1] == (*path, index):
                places[*path, new, *known[depth + 1 :]] = place
    return Located(filtered.value, places)


def _list_at(value: Any, path: tuple[str, ...]) -> list[Any] | None:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, list) else None


def _set_text(document: Located, text: str, option: str) -> Located:
    """Apply one ``path=value``; a value that is not JSON is a string.

    `option` is what errors and places call it. Raises `SpecError` where the text or its path cannot be followed.
    """
    name, equals, value = text.partition("=")
    path = _path(name.strip())
    if not equals or not path:
        remedy = "Write it as training.max_steps=100 or suites[0].limit=50."
        raise SpecError([Problem(option, "$", None, f"{text!r} is not path=value", remedy)])
    if path[0] in _OF_A_FILE:
        message = f"`{path[0]}` belongs to a file"
        raise SpecError([Problem(option, json_path(path), None, message, "Write a spec that extends another.")])
    return _put(document, path, _value(value), option)


def _put(document: Located, path: Path, value: JSON, option: str) -> Located:
    """Replace the value at `path`, making objects on the way to it where there are none.

    Raises `SpecError` where the path goes through a value that has no such part.
    """
    root = copy.deepcopy(document.value)
    holder: Any = root
    made: dict[Path, Place] = {path: Place(option, None)}
    for depth, step in enumerate(path):
        if not _has_room(holder, step):
            message = f"there is no `{json_path(path)[2:]}`: {_described(holder, path[:depth])}"
            raise SpecError([Problem(option, json_path(path), None, message, _keys(holder, step))])
        if depth == len(path) - 1:
            holder[step] = value
            break
        if isinstance(step, str) and step not in holder:
            holder[step] = {}
            made[path[: depth + 1]] = Place(option, None)
        holder = holder[step]
    places = {known: place for known, place in document.places.items() if known[: len(path)] != path}
    return Located(root, places | made)


def _path(name: str) -> Path | None:
    steps: list[str | int] = []
    end = 0
    while end < len(name):
        match = _STEP.match(name, end)
        if match is None:
            return None
        steps.append(int(match["index"]) if match["index"] else match["key"])
        end = match.end()
    return tuple(steps)


def _value(text: str) -> JSON:
    try:
        return json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        return text


def _has_room(holder: object, step: str | int) -> bool:
    if isinstance(step, int):
        return isinstance(holder, list) and step < len(holder)
    return isinstance(holder, dict)


def _described(holder: object, path: Path) -> str:
    where = f"`{json_path(path)[2:]}`" if path else "the spec"
    if isinstance(holder, list):
        return f"{where} is a list of {len(holder)}"
    return f"{where} is {'an object' if isinstance(holder, dict) else 'a single value'}"


def _keys(holder: object, step: str | int) -> str:
    return nearest(str(step), holder) if isinstance(holder, dict) else ""
