"""JSON values to the frozen records and back, led by the records' own types."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from harness.spec.records import JSON

T = TypeVar("T")


def decode(cls: type[T], value: Mapping[str, JSON]) -> T:
    """Build a record from a JSON object whose keys are its fields; absent ones take their defaults.

    Raises TypeError for a key that is no field and for a required one that is absent.
    """
    hints = _hints(cls)
    return cls(**{key: _value(hints[key], part) if key in hints else part for key, part in value.items()})


def encode(value: Any) -> JSON:
    """Return the JSON form of a record, or of anything that a record holds."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: encode(part) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [encode(part) for part in value]
    return str(value) if isinstance(value, Path) else value


def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _value(hint: Any, value: JSON) -> Any:
    """Turn a JSON value into what a field of type `hint` holds."""
    if value is None:
        return None
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint = next(part for part in typing.get_args(hint) if part is not types.NoneType)
    if typing.get_origin(hint) is tuple:
        item = typing.get_args(hint)[0]
        return tuple(_value(item, part) for part in value)
    if typing.get_origin(hint) is Mapping:
        part_hint = typing.get_args(hint)[1]
        return {key: _value(part_hint, part) for key, part in value.items()}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return decode(hint, value)
    return hint(value) if hint in (Path, float) else value
