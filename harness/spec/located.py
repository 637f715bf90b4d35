"""A JSON value together with where each of its parts was said."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.errors import Problem
from harness.spec.records import JSON

Path = tuple[str | int, ...]
"""Where a value stands in a document: keys and list positions from the top."""

KINDS = ("source", "peft_type", "strategy")
"""Keys that say what an object is. An object that names one is complete: nothing is inherited into it."""


@dataclass(frozen=True, slots=True)
class Place:
    """The file and 1-based line that said a value; no line for what the command line said."""

    file: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Located:
    """A JSON value and the places of its parts; a part without a place of its own stands where its parent does."""

    value: JSON
    places: Mapping[Path, Place] = field(default_factory=dict)

    def place(self, path: Path) -> Place:
        """Return where the value at `path`, or the nearest value around it, was said."""
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
