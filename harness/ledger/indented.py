"""JSON as it stands in files: indented by two, letters as they are.

``json.dumps(value, indent=2)`` writes every value in Python. Here what has no parts of its own is written by C, a list
or an object of such values at once, and only what they lie in is put together in Python: the text is the same.
"""

import json
import types
from collections.abc import Iterable
from json.encoder import encode_basestring
from typing import Any

_STEP = "  "
_FLAT = frozenset({str, int, float, bool, types.NoneType})


def indented(value: Any, *, sort_keys: bool = False) -> str:
    """Return a value as ``json.dumps`` would, with ``indent=2, allow_nan=False, ensure_ascii=False``.

    Raises `ValueError` for a NaN or infinity and `TypeError` for what is no JSON value.
    """
    return _text(value, "\n", sort_keys)


def _text(value: Any, line: str, sort_keys: bool) -> str:  # noqa: FBT001 - a word for each of a million calls
    """Return the text of a value in a line that begins with `line`, a line break and spaces."""
    if type(value) is str:
        return encode_basestring(value)
    if not isinstance(value, (dict, list, tuple)) or not value:
        return json.dumps(value, allow_nan=False, ensure_ascii=False)
    inner = line + _STEP
    if _FLAT.issuperset(map(type, value.values() if isinstance(value, dict) else value)):
        whole = json.dumps(
            value, separators=(f",{inner}", ": "), sort_keys=sort_keys, allow_nan=False, ensure_ascii=False
        )
        return f"{whole[0]}{inner}{whole[1:-1]}{line}{whole[-1]}"
    if isinstance(value, dict):
        items: Iterable[tuple[Any, Any]] = sorted(value.items()) if sort_keys else value.items()
        parts = [f"{_key(key)}: {_known(part) or _text(part, inner, sort_keys)}" for key, part in items]
        return f"{{{inner}{f',{inner}'.join(parts)}{line}}}"
    return f"[{inner}{f',{inner}'.join(_text(part, inner, sort_keys) for part in value)}{line}]"


def _key(key: Any) -> str:
    """Return a key as JSON has it, where a number is a text."""
    if type(key) is str:
        return encode_basestring(key)
    return json.dumps({key: 0}, allow_nan=False, ensure_ascii=False)[1:-4]


def _known(value: Any) -> str | None:
    """Return the text of what most fields hold that hold no text and no parts, None of anything else."""
    if value is None:
        return "null"
    return ("true" if value else "false") if type(value) is bool else str(value) if type(value) is int else None
