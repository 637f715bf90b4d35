"""The published JSON Schemas and what they say about a document."""

import functools
import json
from typing import Any, Literal

from jsonschema import Draft202012Validator
from jsonschema.validators import extend
from referencing import Registry, Resource

from harness.declarations import shipped
from harness.errors import Problem
from harness.spec.located import Located
from harness.spec.messages import problems

Name = Literal["experiment", "recipe", "verdict"]

_SUFFIX = ".schema.json"


def violations(name: Name, document: Located) -> list[Problem]:
    """Return everything that the schema finds wrong, in the order in which the files say it."""
    errors = _validator(name).iter_errors(document.value)
    found = dict.fromkeys(problem for error in errors for problem in problems(error, document))
    return sorted(found, key=lambda problem: (problem.file, problem.line or 0))


def bundled(name: Name) -> dict[str, Any]:
    """Return a schema that stands alone: the schema files that it refers to are among its ``$defs``."""
    top = dict(_files()[name + _SUFFIX])
    others = {file: schema for file, schema in _files().items() if f'"{file}' in json.dumps(top)}
    own = top.pop("$defs", {})
    return top | {"$defs": own | {file: {"$id": file, **schema} for file, schema in others.items()}}


def names() -> tuple[str, ...]:
    """Return the schemas of files that people write or read; the foreign blocks' are part of them."""
    return tuple(name for name in ("experiment", "recipe", "verdict") if name + _SUFFIX in _files())


def fields_of(foreign: str) -> tuple[str, ...]:
    """Return the fields of a foreign block's schema that a file may set."""
    properties = _files()[foreign + _SUFFIX]["properties"]
    return tuple(name for name, schema in properties.items() if "not" not in schema)


def allowed(foreign: str, field: str, value: object) -> bool:
    """Tell whether a foreign block may hold `value` in `field`."""
    return bool(_Strict(_files()[foreign + _SUFFIX]["properties"][field]).is_valid(value))


def _is_integer(_: object, value: object) -> bool:
    """Refuse 60.0 where a whole number is wanted: what it is handed to counts with it."""
    return isinstance(value, int) and not isinstance(value, bool)


_Strict = extend(Draft202012Validator, type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer))


@functools.cache
def _validator(name: Name) -> Draft202012Validator:
    resources = [(file, Resource.from_contents(schema)) for file, schema in _files().items()]
    registry: Registry[Any] = Registry().with_resources(resources)
    validator: Draft202012Validator = _Strict(_files()[name + _SUFFIX], registry=registry)
    return validator


@functools.cache
def _files() -> dict[str, dict[str, Any]]:
    folder = shipped("specs") / "schema"
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob(f"*{_SUFFIX}"))}
