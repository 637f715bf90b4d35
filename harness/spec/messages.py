"""What a schema violation means to the person who wrote the file."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from jsonschema import ValidationError

from harness.errors import Problem
from harness.spec.located import Located, Path
from harness.spec.records import JSON
from harness.spec.suggest import nearest

_LONGEST = 60

_LIMITS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
}

_KINDS = {
    "array": "a list",
    "object": "an object in { }",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "a text",
    "null": "null",
}
"""JSON Schema's types in words."""


def problems(error: ValidationError, document: Located) -> Iterator[Problem]:
    """Yield the problems that one violation stands for (an object may have several unknown keys)."""
    if error.validator == "anyOf":
        for inner_error in _branch_meant(error):
            yield from problems(inner_error, document)
        return
    path: Path = tuple(error.absolute_path)
    apart = "dependentSchemas" in error.schema_path
    explain = _excluded if apart else _EXPLAIN.get(str(error.validator), _plain)
    for inner, message, remedy in explain(error):
        yield document.problem((*path, *inner), message, remedy)


def shown(value: JSON) -> str:
    """Return a JSON value as the file would say it, cut to one readable piece."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _branch_meant(error: ValidationError) -> list[ValidationError]:
    """Return what is wrong by the alternative that the value comes nearest to: one that has its type."""
    branches: dict[object, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.relative_schema_path[0], []).append(inner)
    of_its_type = [
        errors for errors in branches.values() if all(each.validator != "type" or each.path for each in errors)
    ]
    return (of_its_type or list(branches.values()))[-1]


Explained = Iterator[tuple[Path, str, str]]


def _parts(error: ValidationError) -> tuple[Any, Any, Any]:
    """Return what was said, the keyword's value and the schema around it; in a raised error all are set."""
    return error.instance, error.validator_value, error.schema


def _unknown_key(error: ValidationError) -> Explained:
    said, _, schema = _parts(error)
    known = [key for key in schema["properties"] if key != "$schema"]
    for key in said:
        if key not in schema["properties"]:
            yield (key,), f"unknown key `{key}`", nearest(key, known)


def _missing_key(error: ValidationError) -> Explained:
    said, required, schema = _parts(error)
    for key in required:
        if key not in said:
            meaning = schema.get("properties", {}).get(key, {}).get("description", "")
            yield (), f"`{key}` is missing", meaning


def _wrong_type(error: ValidationError) -> Explained:
    _, wanted, _ = _parts(error)
    kinds = " or ".join(_KINDS[kind] for kind in ([wanted] if isinstance(wanted, str) else wanted))
    yield (), f"{shown(error.instance)} is of the wrong type", f"It must be {kinds}."


def _not_among(error: ValidationError) -> Explained:
    said, allowed, _ = _parts(error)
    yield (), f"{shown(said)} is not allowed", nearest(str(said), map(str, allowed))


def _limit(error: ValidationError) -> Explained:
    words = _LIMITS[str(error.validator)]
    yield (), f"{shown(error.instance)} is out of range", f"It must be {words} {error.validator_value}."


def _too_few(error: ValidationError) -> Explained:
    yield (), "the list is empty", f"It needs at least {error.validator_value}."


def _repeated(error: ValidationError) -> Explained:
    seen: list[JSON] = []
    said, _, _ = _parts(error)
    for position, item in enumerate(said):
        if item in seen:
            yield (position,), f"{shown(item)} is listed twice", "Keep one of them."
        seen.append(item)


def _pattern(error: ValidationError) -> Explained:
    yield (), f"{shown(error.instance)} is not of the form that is needed", f"It must match {error.validator_value}."


def _controlled(error: ValidationError) -> Explained:
    _, _, schema = _parts(error)
    yield (), f"`{error.absolute_path[-1]}` is decided by harness", schema.get("description", "")


def _excluded(error: ValidationError) -> Explained:
    """Tell of a key that another forbids beside it, which a schema says under ``dependentSchemas``."""
    steps = list(error.schema_path)
    other = steps[steps.index("dependentSchemas") + 1]
    yield (), f"`{error.absolute_path[-1]}` does not go with `{other}`", "Keep one of them."


def _plain(error: ValidationError) -> Explained:
    yield (), error.message, ""


_EXPLAIN: dict[str, Callable[[ValidationError], Explained]] = {
    "additionalProperties": _unknown_key,
    "required": _missing_key,
    "type": _wrong_type,
    "enum": _not_among,
    "minItems": _too_few,
    "uniqueItems": _repeated,
    "pattern": _pattern,
    "not": _controlled,
    **dict.fromkeys(_LIMITS, _limit),
}
