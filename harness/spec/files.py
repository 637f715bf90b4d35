"""Declaration files: found by name, read, and laid over what they extend."""

from collections.abc import Iterable
from pathlib import Path

from harness.declarations import Kind, json_files, places
from harness.errors import Problem, SpecError
from harness.spec.located import Located, merged
from harness.spec.suggest import nearest
from harness.spec.text import parse

NOT_INHERITED = ("$schema", "extends", "name", "description")
"""What a file says about itself and no file that extends it takes over."""


def find(kind: Kind, name: str, *, beside: Path, include: Iterable[Path] = ()) -> Path | None:
    """Return the declaration's file, or None.

    A `name` with a slash or ending in ``.json`` is a path from `beside`; any other is looked up beside it, in the
    include paths and among the shipped declarations.
    """
    if is_path(name):
        path = beside / Path(name).expanduser()
        return path.resolve() if path.is_file() else None
    files = (folder / f"{name}.json" for folder in places(kind, beside=beside, include=include))
    return next((path for path in files if path.is_file()), None)


def is_path(name: str) -> bool:
    """Tell whether a reference is a path and not a name."""
    return name.endswith(".json") or "/" in name or "\\" in name


def not_found(kind: Kind, name: str, *, beside: Path, include: Iterable[Path] = ()) -> tuple[str, str]:
    """Return message and remedy for a reference that `find` did not find."""
    if is_path(name):
        return f"there is no file {name!r}", f"Paths count from {beside}."
    known = (path.stem for path in json_files(kind, beside=beside, include=include))
    return f"{name!r} is not among the {kind}", nearest(name, known)


def label(path: Path) -> str:
    """Return how a file is named to the user: from the current directory where it lies below it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def read(kind: Kind, path: Path, *, include: Iterable[Path] = ()) -> Located:
    """Read a declaration with everything that it extends laid under it.

    Raises `SpecError` for a file that cannot be read, is not a JSON object, extends what does not exist, or
    extends itself by way of others.
    """
    return _read(kind, path.resolve(), tuple(include), ())


def _read(kind: Kind, path: Path, include: tuple[Path, ...], below: tuple[Path, ...]) -> Located:
    own = read_alone(path)
    parent = own.value.get("extends")
    if parent is None:
        return own
    if not isinstance(parent, str):
        raise SpecError([own.problem(("extends",), f"{parent!r} is not a name or path", "Name one file to extend.")])
    found = find(kind, parent, beside=path.parent, include=include)
    if found is None:
        message, remedy = not_found(kind, parent, beside=path.parent, include=include)
        raise SpecError([own.problem(("extends",), message, remedy)])
    chain = (*below, path)
    if found in chain:
        circle = " → ".join(label(link) for link in (*chain[chain.index(found) :], found))
        raise SpecError([own.problem(("extends",), f"files extend each other in a circle: {circle}", "Cut it.")])
    return merged(_inheritable(_read(kind, found, include, chain)), own)


def _inheritable(parent: Located) -> Located:
    value = {key: part for key, part in parent.value.items() if key not in NOT_INHERITED}
    return Located(value, {path: place for path, place in parent.places.items() if path[:1] not in _OWN})


_OWN = {(key,) for key in NOT_INHERITED}


def read_alone(path: Path) -> Located:
    """Read one declaration file without what it extends; raises `SpecError` where it is not a JSON object."""
    document = parse(_text(path), label(path))
    if not isinstance(document.value, dict):
        raise SpecError([document.problem((), "a declaration is a JSON object", "Begin with { and end with }.")])
    return document


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        problem = Problem(label(path), "$", None, f"the file is not UTF-8 text ({error.reason})", "Save it as UTF-8.")
        raise SpecError([problem]) from error
    except OSError as error:
        problem = Problem(label(path), "$", None, f"the file cannot be read: {error.strerror}", "Check its path.")
        raise SpecError([problem]) from error
