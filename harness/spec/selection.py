"""``--only``: some of a spec's recipes and suites."""

from collections.abc import Callable
from typing import Any

from harness.errors import Problem, SpecError
from harness.spec.located import Located
from harness.spec.setting import put
from harness.spec.suggest import nearest


def keep_only(document: Located, names: tuple[str, ...], option: str) -> Located:
    """Keep the recipes and suites that are named; a kind of which none is named stays whole.

    Raises `SpecError` for a name the spec does not have, and where the reference recipe, every candidate or the
    in-domain suites would be left out: there would be nothing to compare.
    """
    recipes = _recipes(document.value)
    suites = [str(suite.get("task")) for suite in _suites(document.value)]
    known = [*recipes, *suites]
    problems = [
        Problem(option, "$", None, f"{name!r} is no recipe or suite of the spec", nearest(name, known))
        for name in names
        if name not in known
    ]
    problems += _nothing_to_compare(document.value, names, option)
    if problems:
        raise SpecError(problems)
    if set(names) & set(recipes):
        document = _filtered(document, ("recipes",), option, lambda name: name in names)
        document = _filtered(document, ("comparison", "candidates"), option, lambda name: name in names)
    if set(names) & set(suites):
        document = _filtered(
            document, ("suites",), option, lambda suite: isinstance(suite, dict) and suite.get("task") in names
        )
    return document


def _nothing_to_compare(spec: dict[str, Any], names: tuple[str, ...], option: str) -> list[Problem]:
    found = []
    comparison = spec.get("comparison")
    comparison = comparison if isinstance(comparison, dict) else {}
    reference, candidates = comparison.get("reference"), comparison.get("candidates")
    if set(names) & set(_recipes(spec)):
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
    """Drop items of the list at `path`; those that stay keep their places. What is no list is the schema's affair."""
    old = _list_at(document.value, path)
    if old is None:
        return document
    kept = [index for index, item in enumerate(old) if keep(item)]
    filtered = put(document, path, [old[index] for index in kept], option)
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
