"""The published JSON Schemas, what they find wrong with a document, and what that means to the person who wrote it."""

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend
from referencing import Registry, Resource

from harness.codec import JSON
from harness.declarations.places import shipped
from harness.errors import Problem
from harness.registry import Plugin, find
from harness.spec.document import COMMENT, Located, Path
from harness.spec.plugins import PLUGIN_KEYS, extended, installed
from harness.spec.suggest import nearest

Name = Literal["experiment", "recipe", "verdict"]

_SUFFIX = ".schema.json"
_LONGEST = 60

_MEANT = {
    "warmup_ratio": (
        "warmup_steps",
        "A fraction of all steps is meant: give it as `warmup_steps`, below 1, such as 0.03.",
    ),
}
"""Keys that had another name in earlier versions, with the key and what to write instead."""

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


def violations(name: Name, document: Located) -> list[Problem]:
    """Return everything that the schema finds wrong, in the order in which the files say it.

    A name that is not harness's own may be an installed plug-in's, whose options are held to its own schema. Raises
    `PluginError` where a plug-in that would have to be asked is broken.
    """
    errors = list(_validator(name, ()).iter_errors(document.value))
    if errors and (added := installed()):  # looking for plug-ins takes time, which a file without any need not spend
        errors = list(_validator(name, added).iter_errors(document.value))
    found = dict.fromkeys(problem for error in errors for problem in _problems(error, document))
    return sorted(found, key=lambda problem: (problem.file, problem.line or 0))


def bundled(name: Name) -> dict[str, Any]:
    """Return a schema that stands alone: the schema files that it refers to are among its ``$defs``.

    Installed plug-ins are part of it.
    """
    files = extended(_files(), installed())
    top = dict(files[name + _SUFFIX])
    others = {file: schema for file, schema in files.items() if f'"{file}' in json.dumps(top)}
    own = top.pop("$defs", {})
    return top | {"$defs": own | {file: {"$id": file, **schema} for file, schema in others.items()}}


def names() -> tuple[str, ...]:
    """Return the schemas of files that people write or read; the foreign blocks' are part of them."""
    return tuple(name for name in ("experiment", "recipe", "verdict") if name + _SUFFIX in _files())


def fields_of(foreign: str) -> tuple[str, ...]:
    """Return the fields of a foreign block's schema that a file may set."""
    properties = _files()[foreign + _SUFFIX]["properties"]
    return tuple(name for name, schema in properties.items() if name != COMMENT and "not" not in schema)


def peft_fields(kind: str) -> Mapping[str, Mapping[str, JSON]]:
    """Return the schemas of the fields that a method of PEFT has, none for one that it does not have."""
    fields: Mapping[str, Mapping[str, JSON]] = _peft_kinds().get(kind, {}).get("properties", {})
    return {name: schema for name, schema in fields.items() if name != COMMENT}


def all_peft_fields() -> frozenset[str]:
    """Return the fields of all methods of PEFT."""
    return frozenset(field for kind in _peft_kinds() for field in peft_fields(kind))


def _peft_kinds() -> Mapping[str, Any]:
    kinds: Mapping[str, Any] = _files()["peft_config" + _SUFFIX]["$defs"]
    return kinds


def allowed(foreign: str, field: str, value: object) -> bool:
    """Tell whether a foreign block may hold `value` in `field`."""
    return bool(_Strict(_files()[foreign + _SUFFIX]["properties"][field]).is_valid(value))


def method_blocks(recipe: Mapping[str, JSON]) -> dict[str, Mapping[str, JSON]]:
    """Return the keys of a recipe's JSON that name a method, with the facts that its schema says under ``x-harness``.

    Without any, the model's own weights train.
    """
    properties = _files()["recipe" + _SUFFIX]["properties"]
    found: dict[str, Mapping[str, JSON]] = {}
    for key, value in recipe.items():
        plugin = None if key in properties else find("methods", key)
        if value is not None and (plugin is not None or "x-harness" in properties.get(key, {})):
            found[key] = properties[key]["x-harness"] if plugin is None else plugin.facts
    return found


def _is_integer(_: object, value: object) -> bool:
    """Refuse 60.0 where a whole number is wanted: what it is handed to counts with it."""
    return isinstance(value, int) and not isinstance(value, bool)


_Strict = extend(Draft202012Validator, type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer))


@functools.cache
def _validator(name: Name, added: tuple[Plugin, ...]) -> Draft202012Validator:
    files = extended(_files(), added) if added else _files()
    resources = [(file, Resource.from_contents(schema)) for file, schema in files.items()]
    registry: Registry[Any] = Registry().with_resources(resources)
    validator: Draft202012Validator = _Strict(files[name + _SUFFIX], registry=registry)
    return validator


@functools.cache
def _files() -> dict[str, dict[str, Any]]:
    folder = shipped("specs") / "schema"
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob(f"*{_SUFFIX}"))}


def _problems(error: ValidationError, document: Located) -> Iterator[Problem]:
    """Yield the problems that one violation stands for (an object may have several unknown keys)."""
    if error.validator == "anyOf":
        for inner_error in _branch_meant(error):
            yield from _problems(inner_error, document)
        return
    path: Path = tuple(error.absolute_path)
    apart = "dependentSchemas" in error.schema_path
    explain = _excluded if apart else _EXPLAIN.get(str(error.validator), _plain)
    for inner, message, remedy in explain(error):
        yield document.problem((*path, *inner), message, remedy)


def _excerpt(value: JSON) -> str:
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


_Explained = Iterator[tuple[Path, str, str]]
"""Where within the value, what is wrong there, and the remedy."""


def _parts(error: ValidationError) -> tuple[Any, Any, Any]:
    """Return the value, the keyword's value and the schema around it; in a raised error all are set."""
    return error.instance, error.validator_value, error.schema


def _unknown_key(error: ValidationError) -> _Explained:
    value, _, schema = _parts(error)
    known = [key for key in schema["properties"] if key not in ("$schema", COMMENT)]
    foreign = schema.get(PLUGIN_KEYS, ())
    named = f" Installed plug-ins: {', '.join(foreign)}." if foreign else ""
    for key in value:
        if key not in schema["properties"]:
            meant = _MEANT.get(key) if _MEANT.get(key, ("",))[0] in known else None
            yield (key,), f"unknown key `{key}`", meant[1] if meant else f"{nearest(key, known)}{named}"


def _missing_key(error: ValidationError) -> _Explained:
    value, required, schema = _parts(error)
    for key in required:
        if key not in value:
            meaning = schema.get("properties", {}).get(key, {}).get("description", "")
            yield (), f"`{key}` is missing", meaning


def _wrong_type(error: ValidationError) -> _Explained:
    _, wanted, _ = _parts(error)
    kinds = " or ".join(_KINDS[kind] for kind in ([wanted] if isinstance(wanted, str) else wanted))
    yield (), f"{_excerpt(error.instance)} is of the wrong type", f"It must be {kinds}."


def _not_among(error: ValidationError) -> _Explained:
    value, allowed, schema = _parts(error)
    meant = f"{_article(schema['title'])} {schema['title']}" if "title" in schema else "allowed"
    yield (), f"{_excerpt(value)} is not {meant}", nearest(str(value), map(str, allowed))


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"


def _limit(error: ValidationError) -> _Explained:
    words = _LIMITS[str(error.validator)]
    yield (), f"{_excerpt(error.instance)} is out of range", f"It must be {words} {error.validator_value}."


def _too_few(error: ValidationError) -> _Explained:
    yield (), _length(error), f"It needs at least {error.validator_value}."


def _too_many(error: ValidationError) -> _Explained:
    yield (), _length(error), f"It has at most {error.validator_value}."


def _length(error: ValidationError) -> str:
    value, _, _ = _parts(error)
    return f"the list has {len(value)}" if value else "the list is empty"


def _empty(error: ValidationError) -> _Explained:
    _, _, schema = _parts(error)
    yield (), "it is empty", schema.get("description", "")


def _repeated(error: ValidationError) -> _Explained:
    seen: list[JSON] = []
    value, _, _ = _parts(error)
    for position, item in enumerate(value):
        if item in seen:
            yield (position,), f"{_excerpt(item)} is listed twice", "Keep one of them."
        seen.append(item)


def _pattern(error: ValidationError) -> _Explained:
    _, pattern, schema = _parts(error)
    examples = ", ".join(schema.get("examples", ()))
    remedy = f"For example: {examples}." if examples else f"It must match {pattern}."
    yield (), f"{_excerpt(error.instance)} is not of the form that is needed", remedy


def _controlled(error: ValidationError) -> _Explained:
    _, _, schema = _parts(error)
    yield (), f"`{error.absolute_path[-1]}` is decided by harness", schema.get("description", "")


def _excluded(error: ValidationError) -> _Explained:
    """Tell of a key that another forbids beside it, which a schema says under ``dependentSchemas``."""
    steps = list(error.schema_path)
    other = steps[steps.index("dependentSchemas") + 1]
    yield (), f"`{error.absolute_path[-1]}` does not go with `{other}`", "Keep one of them."


def _plain(error: ValidationError) -> _Explained:
    yield (), error.message, ""


_EXPLAIN: dict[str, Callable[[ValidationError], _Explained]] = {
    "additionalProperties": _unknown_key,
    "required": _missing_key,
    "type": _wrong_type,
    "enum": _not_among,
    "minItems": _too_few,
    "maxItems": _too_many,
    "minProperties": _empty,
    "uniqueItems": _repeated,
    "pattern": _pattern,
    "not": _controlled,
    **dict.fromkeys(_LIMITS, _limit),
}
