"""Changes single values of a JSON text and leaves every other character as it was."""

import json
import re
from collections.abc import Iterator, Sequence

from harness.codec import JSON

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def rewritten(text: str, path: Sequence[str], value: JSON) -> str:
    """Return the text of a JSON object with the value at `path` replaced; keys that are absent come first in theirs.

    `text` is known to be an object. A value on the way that is no object is replaced by one.
    """
    start = _SPACE.match(text)
    assert start is not None
    return _in_object(text, start.end(), path, value)


def _in_object(text: str, opened: int, path: Sequence[str], value: JSON) -> str:
    key, rest = path[0], path[1:]
    for name, start, end in _members(text, opened):
        if name == key:
            if rest and text[start] == "{":
                return _in_object(text, start, rest, value)
            return text[:start] + json.dumps(_nested(rest, value)) + text[end:]
    return _inserted(text, opened, key, _nested(rest, value))


def _nested(path: Sequence[str], value: JSON) -> JSON:
    for key in reversed(path):
        value = {key: value}
    return value


def _inserted(text: str, opened: int, key: str, value: JSON) -> str:
    """Return the text with a member more, first in its object and indented as the one that was."""
    space = _SPACE.match(text, opened + 1)
    assert space is not None
    empty = text[space.end()] == "}"
    member = f"{space[0]}{json.dumps(key)}: {json.dumps(value)}{'' if empty else ','}"
    return f"{text[: opened + 1]}{member}{text[opened + 1 :]}"


def _members(text: str, opened: int) -> Iterator[tuple[str, int, int]]:
    """Yield each key of the object that opens there, with where its value starts and ends."""
    place = _past(text, opened + 1)
    while text[place] != "}":
        name, after = _DECODER.raw_decode(text, place)
        start = _past(text, _past(text, after) + 1)
        _, end = _DECODER.raw_decode(text, start)
        yield name, start, end
        place = _past(text, end)
        if text[place] == ",":
            place = _past(text, place + 1)


def _past(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    assert match is not None
    return match.end()
