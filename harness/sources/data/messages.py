"""Messages of a conversation in a row: what they must hold, and ShareGPT's names for who speaks."""

from collections.abc import Mapping
from typing import Any

Message = Mapping[str, Any]
"""A ``role`` and a ``content``, both texts, with whatever else a chat template may read."""

_SPEAKERS = {
    **dict.fromkeys(("human", "user"), "user"),
    **dict.fromkeys(("gpt", "assistant", "chatgpt", "bing", "bard"), "assistant"),
    "system": "system",
}
"""Who speaks in ShareGPT's files, by the role that a chat template knows."""


_KINDS = {
    bool: "a truth value",
    int: "a number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "an object",
}


class WrongRowError(Exception):
    """A row cannot be trained on; the message says why."""


def messages_in(row: Mapping[str, Any], column: str) -> list[Message]:
    """Return the messages of a column. Raises `WrongRowError` where it holds something else."""
    value = row.get(column)
    if not isinstance(value, list) or not value:
        raise WrongRowError(f"`{column}` is {kind_of(value)}, and not a list of messages")
    for number, message in enumerate(value, start=1):
        _check(message, ("role", "content"), f"message {number} of `{column}`")
    return value


def from_sharegpt(row: Mapping[str, Any], column: str) -> list[Message]:
    """Return the messages of a column that says ``from`` and ``value``, or ``role`` and ``content``.

    Raises `WrongRowError` where it holds something else, and for a speaker that is not known.
    """
    value = row.get(column)
    if isinstance(value, list) and value and all(isinstance(each, Mapping) and "role" in each for each in value):
        return messages_in(row, column)
    if not isinstance(value, list) or not value:
        raise WrongRowError(f"`{column}` is {kind_of(value)}, and not a list of messages")
    return [_said(message, f"message {number} of `{column}`") for number, message in enumerate(value, start=1)]


def _said(message: Any, place: str) -> Message:
    _check(message, ("from", "value"), place)
    if message["from"] not in _SPEAKERS:
        raise WrongRowError(f"{place} is from {message['from']!r}; known are {', '.join(_SPEAKERS)}")
    return {"role": _SPEAKERS[message["from"]], "content": message["value"]}


def _check(message: Any, fields: tuple[str, str], place: str) -> None:
    if not isinstance(message, Mapping):
        raise WrongRowError(f"{place} is {kind_of(message)}, and not an object with {' and '.join(fields)}")
    for field in fields:
        if field not in message:
            raise WrongRowError(f"{place} has no `{field}`")
        if not isinstance(message[field], str):
            raise WrongRowError(f"the `{field}` of {place} is {kind_of(message[field])}, and not a text")


def kind_of(value: Any) -> str:
    """Return what a value is, in words, with the beginning of it where that helps."""
    if value is None:
        return "null"
    kind = _KINDS.get(type(value), f"a {type(value).__name__}")
    return kind if isinstance(value, list | Mapping) else f"{kind}, {value!r:.40}"
