"""A JSON value together with where each of its parts is written, read from text or merged from several files.

The standard decoder gives values without positions, and YAML's gives positions but reads ``1e-3`` as a string and
refuses tabs. So the decoder decides what the text means and a walk over its tokens finds the lines.
"""

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from harness.codec import JSON
from harness.errors import Problem, SpecError

Path = tuple[str | int, ...]
"""Where a value stands in a document: keys and list positions from the top."""

KINDS = ("source", "peft_type", "strategy")
"""Keys that say what an object is. An object that names one is complete: nothing is inherited into it."""

COMMENT = "$comment"
"""The key of a remark, for people; it is dropped before anything is asked of an object, whosever its fields are."""

_TOKEN = re.compile(r'(?P<string>"(?:[^"\\]|\\.)*")|(?P<mark>[{}\[\],:])|(?P<plain>[^\s{}\[\],:"]+)|(?P<line>\n)')
_DEEPEST = 50
_LONGEST_INTEGER = 300  # digits; a float holds 308
_TOO_DEEP = "the text is nested too deeply"


@dataclass(frozen=True, slots=True)
class Place:
    """The file and 1-based line in which a value is written; no line for an option of the command line."""

    file: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Located:
    """A JSON value and the places of its parts; a part without a place of its own stands where its parent does."""

    value: JSON
    places: Mapping[Path, Place] = field(default_factory=dict)

    def place(self, path: Path) -> Place:
        """Return where the value at `path`, or the nearest value around it, is written."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places[path]

    def problem(self, path: Path, message: str, remedy: str = "") -> Problem:
        """Return a `Problem` of the value at `path`."""
        place = self.place(path)
        return Problem(place.file, json_path(path), place.line, message, remedy)


def json_path(path: Path) -> str:
    """Write a path as ``$.suites[0].task``."""
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


def merged(parent: Located, child: Located) -> Located:
    """Lay `child` over `parent`: objects merge key by key, everything else is replaced.

    An object of the child that names its own kind (`KINDS`) replaces the parent's whole.
    """
    places = dict(parent.places)
    value = _merged(parent.value, child, (), places)
    return Located(value, places)


def _merged(old: JSON, child: Located, path: Path, places: dict[Path, Place]) -> JSON:
    new = at(child.value, path)
    if not _merge(old, new):
        _replace_places(places, child, path)
        return new
    places[path] = child.place(path)
    result = dict(old)
    for key in new:
        result[key] = _merged(old.get(key), child, (*path, key), places)
    return result


def _merge(old: JSON, new: JSON) -> bool:
    return isinstance(old, dict) and isinstance(new, dict) and not any(key in new for key in KINDS)


def _replace_places(places: dict[Path, Place], child: Located, path: Path) -> None:
    for inner in [known for known in places if known[: len(path)] == path]:
        del places[inner]
    places.update({inner: place for inner, place in child.places.items() if inner[: len(path)] == path})
    places[path] = child.place(path)


def at(value: JSON, path: Path) -> JSON:
    """Return the part of a JSON value at `path`."""
    for part in path:
        value = value[part]
    return value


def without_comments(document: Located) -> Located:
    """Return the document without its ``$comment`` keys, wherever they stand, as far as they hold a text.

    What is no text stays, for the schema to refuse.
    """
    return Located(_without_comments(document.value), document.places)


def _without_comments(value: JSON) -> JSON:
    if isinstance(value, list):
        return [*map(_without_comments, value)]
    if not isinstance(value, dict):
        return value
    said = (key for key in value if key != COMMENT or not isinstance(value[key], str))
    return {key: _without_comments(value[key]) for key in said}


def parse(text: str, file: str) -> Located:
    """Read JSON text; `file` is the name that errors and places carry.

    Raises `SpecError` for text that is not JSON (with line and column) and for a key that is written twice. A number
    that no float holds, NaN and Infinity are refused: they are not JSON and would not survive a round trip.
    """
    value = _decode(text, file)
    lines: dict[Path, int] = {}
    twice: dict[Path, Problem] = {}
    for path, line in _Walk(file).positions(text):
        if path in lines and not _inside(path, twice):
            message = f"the key stands in line {lines[path]} already"
            twice[path] = Problem(file, json_path(path), line, message, "Keep one of them.")
        lines.setdefault(path, line)
    if twice:
        raise SpecError(twice.values())
    return Located(value, {path: Place(file, line) for path, line in lines.items()})


def _inside(path: Path, twice: Collection[Path]) -> bool:
    """Tell whether the value is part of one that is reported already."""
    return any(path[:length] in twice for length in range(1, len(path)))


def _decode(text: str, file: str) -> object:
    try:
        return json.loads(text, parse_constant=_no_such_number, parse_float=_finite, parse_int=_whole)
    except json.JSONDecodeError as error:
        message = f"this is not JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        line = error.lineno
        remedy = "JSON has no comments (a `$comment` key holds a remark) and no comma before a closing bracket."
    except _NumberError as error:
        line = _line_of(text, str(error))
        message, remedy = f"{str(error)[:40]} is not a number that can be used", "Write a finite decimal number."
    except RecursionError:
        line, message, remedy = 1, _TOO_DEEP, f"{_DEEPEST} levels are read."
    raise SpecError([Problem(file, "$", line, message, remedy)])


class _NumberError(Exception):
    pass


def _no_such_number(text: str) -> NoReturn:
    raise _NumberError(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _NumberError(text)
    return number


def _whole(text: str) -> int:
    if len(text) > _LONGEST_INTEGER:
        raise _NumberError(text)
    return int(text)


def _line_of(text: str, word: str) -> int:
    """Return the line of the first plain token `word`."""
    return next(line for kind, token, line in _tokens(text) if kind == "plain" and token == word)


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    line = 1
    for match in _TOKEN.finditer(text):
        if match.lastgroup == "line":
            line += 1
        else:
            yield str(match.lastgroup), match.group(), line


class _Walk:
    """The walk over the words of a text that is known to be JSON."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._path: list[str | int] = []  # for each open bracket the key or position that is being filled
        self._key_next = False

    def positions(self, text: str) -> Iterator[tuple[Path, int]]:
        """Yield each value's path and line; a member's line is its key's. A repeated key is yielded again."""
        yield (), next(line for _, _, line in _tokens(text))
        for kind, word, line in _tokens(text):
            if self._names(kind, word) or self._starts_item(kind, word):
                yield tuple(self._path), line
            self._move(word, line)

    def _names(self, kind: str, word: str) -> bool:
        """Tell whether the word is a key, and go there."""
        if kind != "string" or not self._key_next:
            return False
        self._path[-1], self._key_next = json.loads(word), False
        return True

    def _starts_item(self, kind: str, word: str) -> bool:
        value = kind != "mark" or word in "{["
        return value and bool(self._path) and isinstance(self._path[-1], int)

    def _move(self, word: str, line: int) -> None:
        if word in ("{", "["):
            self._path.append("" if word == "{" else 0)
            self._key_next = word == "{"
        elif word in ("}", "]"):
            self._path.pop()
        elif word == ",":
            last = self._path[-1]
            self._path[-1] = last + 1 if isinstance(last, int) else ""
            self._key_next = not isinstance(last, int)
        if len(self._path) > _DEEPEST:
            raise SpecError([Problem(self._file, "$", line, _TOO_DEEP, f"{_DEEPEST} levels are read.")])
