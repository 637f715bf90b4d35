"""Spec and recipe files: found by name, told apart, read, laid over what they extend, with the paths in them."""

import copy
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from harness.declarations.places import Kind, json_files, searched_folders
from harness.errors import Problem, SpecError
from harness.paths import expanded, is_file, is_folder, read_regular, resolved
from harness.spec.arms import arm_paths
from harness.spec.document import Located, at, merged, parse
from harness.spec.document import Path as At
from harness.spec.records import FILE_SOURCES
from harness.spec.suggest import nearest

FileKind = Literal["specs", "adapters"]

_OF_A_RECIPE = {
    "peft",
    "modules",
    "bottleneck",
    "layers",
    "match",
    "quantization",
    "probe_batches",
    "start",
    "stages",
    "peft_type",
}
_OF_AN_EXPERIMENT = {
    "arms",
    "model",
    "models",
    "data",
    "mix",
    "suites",
    "recipes",
    "comparison",
    "seeds",
    "evaluation",
    "validation",
    "tune",
    "search",
}

NOT_INHERITED = ("$schema", "extends", "name", "description")
"""What a file says about itself and no file that extends it takes over."""
_EITHER = (("model", "models"), ("models", "model"))


def find(kind: Kind, name: str, *, beside: Path, include: Iterable[Path] = ()) -> Path | None:
    """Return the declaration's file, or None.

    A `name` with a slash or ending in ``.json`` is a path from `beside`; any other is looked up in the folders of
    `harness.declarations.places.searched_folders`.
    """
    if is_path(name):
        path = beside / expanded(name)
        return path.resolve() if is_file(path) else None
    files = (folder / f"{name}.json" for folder in searched_folders(kind, beside=beside, include=include))
    return next((path for path in files if is_file(path)), None)


def is_path(name: str) -> bool:
    """Tell whether a reference is a path and not a name."""
    return name.endswith(".json") or "/" in name or "\\" in name


def not_found(kind: Kind, name: str, *, beside: Path, include: Iterable[Path] = ()) -> tuple[str, str]:
    """Return message and remedy for a reference that `find` did not find."""
    if is_path(name):
        return f"there is no file {name!r}", f"Paths count from {beside}."
    known = (path.stem for path in json_files(kind, beside=beside, include=include))
    folders = ", ".join(label(each) for each in searched_folders(kind, beside=beside, include=include))
    return f"{name!r} is not among the {kind}", f"{nearest(name, known)} Searched: {folders}."


def label(path: Path) -> str:
    """Return how a file or folder is named to the user: from the current directory where it lies below it."""
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
    return merged(_inheritable(_read(kind, found, include, chain), own), own)


def _inheritable(parent: Located, child: Located) -> Located:
    """Return what a child takes over: not what a file says about itself, and of `model` and `models` not the other."""
    others = [other for key, other in _EITHER if key in child.value and other not in child.value]
    left_out = {*NOT_INHERITED, *others}
    value = {key: part for key, part in parent.value.items() if key not in left_out}
    own = {(key,) for key in left_out}
    return Located(value, {path: place for path, place in parent.places.items() if path[:1] not in own})


def read_alone(path: Path) -> Located:
    """Read one declaration file without what it extends; raises `SpecError` where it is not a JSON object."""
    document = parse(_text(path), label(path))
    if not isinstance(document.value, dict):
        raise SpecError([document.problem((), "a declaration is a JSON object", "Begin with { and end with }.")])
    return document


def _text(path: Path) -> str:
    try:
        return read_regular(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = Problem(label(path), "$", None, f"the file is not UTF-8 text ({error.reason})", "Save it as UTF-8.")
        raise SpecError([problem]) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        problem = Problem(label(path), "$", None, f"the file cannot be read: {reason}", "Check its path.")
        raise SpecError([problem]) from error


def declared_kind(name_or_path: str, *, include: Iterable[Path] = ()) -> tuple[FileKind, Path]:
    """Return what a file, or the declaration of a name, is, and its path.

    A name is an experiment's before it is a recipe's. A file is what its ``$schema`` says, else what has the keys that
    it has, else what it extends, else a recipe where it is called like one (``<method>--<name>.json``). Raises
    `SpecError` for what is not there and for what is not JSON.
    """
    folders = tuple(include)
    here = Path.cwd()
    if is_path(name_or_path):
        path = find("specs", name_or_path, beside=here, include=folders)
        if path is None:
            message, remedy = not_found("specs", name_or_path, beside=here, include=folders)
            raise SpecError([Problem(name_or_path, "$", None, message, remedy)])
        return _of_file(path, folders), path
    return _of_name(name_or_path, here, folders)


def _of_name(name: str, here: Path, include: tuple[Path, ...]) -> tuple[FileKind, Path]:
    kinds: tuple[FileKind, ...] = ("specs", "adapters")
    for kind in kinds:
        path = find(kind, name, beside=here, include=include)
        if path is not None:
            return _of_file(path, include), path
    kind = "adapters" if "--" in name else "specs"
    message, remedy = not_found(kind, name, beside=here, include=include)
    raise SpecError([Problem(name, "$", None, message, remedy)])


def _of_file(path: Path, include: tuple[Path, ...]) -> FileKind:
    value: dict[str, Any] = read_alone(path).value
    schema = str(value.get("$schema", ""))
    if schema.endswith(("experiment.schema.json", "recipe.schema.json")):
        return "adapters" if schema.endswith("recipe.schema.json") else "specs"
    of_a_recipe, of_an_experiment = bool(_OF_A_RECIPE & value.keys()), bool(_OF_AN_EXPERIMENT & value.keys())
    if of_a_recipe != of_an_experiment:
        return "adapters" if of_a_recipe else "specs"
    called: FileKind = "adapters" if "--" in path.stem else "specs"
    parent = value.get("extends")
    kinds: tuple[FileKind, ...] = ("adapters", "specs")
    extends = [
        kind for kind in kinds if isinstance(parent, str) and find(kind, parent, beside=path.parent, include=include)
    ]
    return extends[0] if len(extends) == 1 else called


def with_absolute_paths(document: Located) -> tuple[Any, list[Problem]]:
    """Return the experiment's value with absolute paths, and a problem for each that is not there.

    A path given by an option counts from the current directory.
    """
    value = copy.deepcopy(document.value)
    problems = []
    for where, wants_folder in named_paths(value):
        *outer, last = where
        path = absolute(document, where)
        at(value, tuple(outer))[last] = str(path)
        if not (is_folder(path) if wants_folder else is_file(path)):
            kind = "folder" if wants_folder else "file"
            remedy = "Paths count from the file they stand in, those of --set from the current directory."
            problems.append(document.problem(where, f"there is no {kind} {path}", remedy))
    return value, problems


def named_paths(spec: Any) -> Iterator[tuple[At, bool]]:
    """Yield where an experiment says paths, and whether each is a folder; recipes say theirs themselves."""
    for index in range(len(spec.get("include", ()))):
        yield ("include", index), True
    for key in ("path", "tokenizer"):
        if spec.get("model", {}).get(key) is not None:
            yield ("model", key), True
    for where in arm_paths(spec):
        yield where, True
    for where, data in data_blocks(spec):
        if data["source"] in FILE_SOURCES:
            yield (*where, "path"), False


def data_blocks(spec: Any) -> Iterator[tuple[At, Any]]:
    """Yield the experiment's blocks that declare data, and where they stand."""
    if "data" in spec:
        yield ("data",), spec["data"]
    for index, data in enumerate(spec.get("mix", ())):
        yield ("mix", index), data
    if (spec.get("validation") or {}).get("data") is not None:
        yield ("validation", "data"), spec["validation"]["data"]


def absolute(document: Located, where: At) -> Path:
    """Return the path that a document says, counted from the file that says it."""
    place = document.place(where)
    base = Path.cwd() if place.line is None else Path(place.file).resolve().parent
    return resolved(base / expanded(at(document.value, where)))
