"""``--set path=value``: one value of a spec said on the command line."""

import copy
import json
import re
from typing import Any

from harness.errors import Problem, SpecError
from harness.spec.located import Located, Path, Place, json_path
from harness.spec.records import JSON
from harness.spec.suggest import nearest

_STEP = re.compile(r"(?:^|\.)(?P<key>[A-Za-z_$][\w$-]*)|\[(?P<index>\d+)\]")
_OF_A_FILE = ("extends", "$schema")


def set_text(document: Located, text: str, option: str) -> Located:
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
    return put(document, path, _value(value), option)


def put(document: Located, path: Path, value: JSON, option: str) -> Located:
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
    except ValueError:
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
