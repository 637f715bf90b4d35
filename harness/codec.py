"""Records to JSON values and back, led by the records' own type types: one codec for specs, ledgers and verdicts."""

import functools
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

JSON = Any
"""A JSON value: what a foreign library's block (SFTConfig, PEFT, BitsAndBytesConfig) holds verbatim."""

T = TypeVar("T")


class DecodeError(ValueError):
    """A JSON value is not what a record's type asks for; `path` says where it stands, as ``$.suites[0].limit``."""

    def __init__(self, path: str, message: str) -> None:
        self.path = path
        super().__init__(f"{path}: {message}")


_AS_THEY_ARE: frozenset[Any] = frozenset({str, bool, int, float})
"""Types of fields whose JSON value of just that type is what the field holds."""
_JSON_SCALARS = _AS_THEY_ARE | {types.NoneType}


def decode(cls: type[T], value: JSON, *, retired: frozenset[str] = frozenset()) -> T:
    """Build a record (a dataclass) from a JSON object whose keys are its fields; absent ones take their defaults.

    `retired` names fields that an earlier version wrote and this one ignores, each as ``Record.field``. Whole
    numbers are accepted where a float is wanted, and become one. Raises `DecodeError` for any other unknown key,
    for a required one that is absent, for a value of another type, and where the record itself refuses it.
    """
    return typing.cast("T", _record(cls, value, "$", retired))


def encode(value: Any) -> JSON:
    """Return the JSON form of a record, or of anything that a record holds; raises TypeError for any other object."""
    if type(value) in _JSON_SCALARS:
        return value
    if isinstance(value, (tuple, list)):
        return [each if type(each) in _JSON_SCALARS else encode(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {name: encode(getattr(value, name)) for name in _fields(type(value))}
    if isinstance(value, Mapping):
        return {key: encode(part) for key, part in value.items()}
    if isinstance(value, Path):
        return str(value)
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise TypeError(f"{value!r} has no JSON form")


def _record(cls: Any, value: JSON, path: str, retired: frozenset[str]) -> Any:
    if not isinstance(value, Mapping):
        raise DecodeError(path, f"{_excerpt(value)} is not an object in {{ }}")
    hints, own = _annotations(cls), _fields(cls)
    if unknown := [key for key in value if key not in own and f"{cls.__name__}.{key}" not in retired]:
        raise DecodeError(path, f"unknown key `{unknown[0]}`")
    if missing := [name for name, field in own.items() if name not in value and _is_required(field)]:
        raise DecodeError(path, f"`{missing[0]}` is missing")
    found = {name: _value(hints[name], value[name], f"{path}.{name}", retired) for name in own if name in value}
    try:
        return cls(**found)
    except DecodeError:
        raise
    except ValueError as error:
        raise DecodeError(path, str(error)) from error


def _is_required(field: "Field[Any]") -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _value(hint: Any, value: JSON, path: str, retired: frozenset[str]) -> Any:
    """Return what a field of type `hint` holds for a JSON value."""
    if hint is Any or (type(value) is hint and hint in _AS_THEY_ARE):
        return value
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _alternative(arguments, value, path, retired)
    if origin is Literal:
        if value not in arguments:
            raise DecodeError(path, f"{_excerpt(value)} is not one of {', '.join(map(repr, arguments))}")
        return value
    if origin is tuple:
        return _tuple(arguments, value, path, retired)
    if origin in (Mapping, dict):
        if not isinstance(value, Mapping):
            raise DecodeError(path, f"{_excerpt(value)} is not an object in {{ }}")
        return {key: _value(arguments[1], part, f"{path}.{key}", retired) for key, part in value.items()}
    return _record(hint, value, path, retired) if is_dataclass(hint) else _plain(hint, value, path)


def _alternative(hints: tuple[Any, ...], value: JSON, path: str, retired: frozenset[str]) -> Any:
    """Return the value as the first of the types that takes it."""
    others = [hint for hint in hints if hint is not types.NoneType]
    if value is None and len(others) < len(hints):
        return None
    for hint in others[:-1]:
        try:
            return _value(hint, value, path, retired)
        except DecodeError:
            continue
    return _value(others[-1], value, path, retired)


def _tuple(hints: tuple[Any, ...], value: JSON, path: str, retired: frozenset[str]) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        raise DecodeError(path, f"{_excerpt(value)} is not a list")
    if hints[1:] == (...,) and hints[0] in _AS_THEY_ARE and {hints[0]}.issuperset(map(type, value)):
        return tuple(value)  # thousands of numbers, of which none needs its place
    of_each = hints[:1] * len(value) if hints[1:] == (...,) else hints
    if len(of_each) != len(value):
        raise DecodeError(path, f"the list has {len(value)} parts and not {len(of_each)}")
    parts = enumerate(zip(of_each, value, strict=True))
    return tuple(_value(hint, part, f"{path}[{index}]", retired) for index, (hint, part) in parts)


_PLAIN: dict[Any, tuple[tuple[type, ...], Callable[[Any], Any], str]] = {
    str: ((str,), str, "a text"),
    bool: ((bool,), bool, "true or false"),
    int: ((int,), int, "a whole number"),
    float: ((int, float), float, "a number"),
    Path: ((str, Path), Path, "a path"),
    types.NoneType: ((types.NoneType,), lambda _: None, "null"),
}
"""Types without parts: what their JSON value may be, how it is converted, and what it is called."""


def _plain(hint: Any, value: JSON, path: str) -> Any:
    accepted, convert, name = _PLAIN[hint]
    if not isinstance(value, accepted) or (isinstance(value, bool) and hint is not bool):
        raise DecodeError(path, f"{_excerpt(value)} is not {name}")
    try:
        return convert(value)
    except OverflowError as error:
        raise DecodeError(path, f"{_excerpt(value)} is not {name} that can be held") from error


@functools.cache
def _fields(cls: Any) -> "dict[str, Field[Any]]":
    return {field.name: field for field in fields(cls)}


@functools.cache
def _annotations(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


_LONGEST = 60


def _excerpt(value: JSON) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
