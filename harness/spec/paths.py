"""Files and folders that an experiment names: counted from the file that says them, and there."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import Problem
from harness.spec.located import Located, at
from harness.spec.located import Path as At


def with_absolute_paths(document: Located) -> tuple[Any, list[Problem]]:
    """Return the experiment's value with absolute paths, and a problem for each that is not there.

    A path said by an option counts from the current directory.
    """
    value = copy.deepcopy(document.value)
    problems = []
    for where, is_folder in _named_paths(value):
        *outer, last = where
        path = absolute(document, where)
        at(value, tuple(outer))[last] = str(path)
        if not (path.is_dir() if is_folder else path.is_file()):
            kind = "folder" if is_folder else "file"
            problems.append(
                document.problem(where, f"there is no {kind} {path}", "Paths count from the file they stand in.")
            )
    return value, problems


def _named_paths(spec: Any) -> Iterator[tuple[At, bool]]:
    """Yield where paths stand and whether each is a folder."""
    for index in range(len(spec.get("include", ()))):
        yield ("include", index), True
    for key in ("path", "tokenizer"):
        if spec.get("model", {}).get(key) is not None:
            yield ("model", key), True
    for where, data in data_blocks(spec):
        if data["source"] == "jsonl":
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
    return (base / Path(at(document.value, where)).expanduser()).resolve()
