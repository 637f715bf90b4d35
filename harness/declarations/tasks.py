"""The tasks and groups of the searched folders, by name: the one place that finds them.

What `harness tasks` lists, what a spec may name, what is loaded and what a score's identity covers are the same
because all of it is found here.
"""

import codecs
import os
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.declarations.places import searched_folders
from harness.declarations.task_yaml import Declared, TaskFileError, read_task
from harness.errors import TaskError
from harness.paths import is_folder, read_regular


@dataclass(frozen=True, slots=True)
class Found:
    """The tasks and groups that were found by name, and an error for each file that cannot be read."""

    tasks: dict[str, Declared]
    broken: tuple[TaskFileError, ...] = ()


def search(names: Collection[str] | None = None, *, beside: Path | None = None, include: Iterable[Path] = ()) -> Found:
    """Return the tasks and groups of these names, or all, that the searched folders declare.

    The first of a name hides later ones, also where it cannot be read: nothing takes its place then. With names, only
    files that may declare one of them are parsed, until all are found: `Found.broken` has those among them.
    """
    found: dict[str, Declared] = {}
    broken: list[TaskFileError] = []
    unreadable: set[str] = set()
    for path in _candidates(names, beside, tuple(include)):
        try:
            declared = read_task(path)
        except TaskFileError as error:
            broken.append(error)
            unreadable |= _names_in_text(path)
            continue
        if declared is None or declared.name in unreadable:
            continue
        if names is None or declared.name in names:
            found.setdefault(declared.name, declared)
        if names is not None and len(found) == len(set(names)):
            break
    return Found(found, tuple(broken))


def declared_tasks(*, beside: Path | None = None, include: Iterable[Path] = ()) -> dict[str, Declared]:
    """Return every task and group of the searched folders by name.

    Raises `TaskError` with every file that cannot be read.
    """
    found = search(beside=beside, include=include)
    if found.broken:
        raise TaskError("\n".join(map(str, found.broken)))
    return found.tasks


def find_task(name: str, *, beside: Path | None = None, include: Iterable[Path] = ()) -> Declared | None:
    """Return the declaration of `name`; None where the searched folders have none (lm-eval itself may).

    Raises `TaskError` where it is not found and a file that may declare it cannot be read.
    """
    found = search({name}, beside=beside, include=include)
    if name not in found.tasks and found.broken:
        raise TaskError("\n".join(map(str, found.broken)))
    return found.tasks.get(name)


def _candidates(names: Collection[str] | None, beside: Path | None, include: tuple[Path, ...]) -> Iterator[Path]:
    """Yield the YAML files of the searched folders that may declare one of the names, or any, each once and in order.

    A folder called ``tasks`` and an include path hold tasks, to any depth. The folder of a spec may be a home
    directory: it is searched one level down, and a file there that names no task is somebody else's.
    """
    for_tasks = {folder.resolve() for folder in include}
    seen: set[Path] = set()
    for folder in searched_folders("tasks", beside=beside, include=include):
        if not is_folder(folder):
            continue
        meant = folder.name == "tasks" or folder in for_tasks
        for path in [*_near(folder), *(sorted(_deeper(folder)) if meant else ())]:
            if path not in seen and ((meant and names is None) or _may_declare(path, names)):
                yield path
            seen.add(path)


def _near(folder: Path) -> list[Path]:
    """Return the YAML files of a folder and of those in it, also where one of them is a link."""
    below = [path for path in folder.glob("*/*.yaml") if not _left_out(path.parent)]
    return sorted([*folder.glob("*.yaml"), *below])


def _deeper(folder: Path) -> Iterator[Path]:
    """Yield the YAML files two and more folders down; links are not followed."""
    for place, folders, files in os.walk(folder):
        inside = Path(place)
        folders[:] = [name for name in folders if not _left_out(inside / name)]
        if len(inside.relative_to(folder).parts) > 1:
            yield from (inside / name for name in files if name.endswith(".yaml"))


def _left_out(folder: Path) -> bool:
    """Tell whether a folder holds no declarations: hidden ones, environments, results."""
    name = folder.name
    return name.startswith(".") or name in ("runs", "node_modules", "__pycache__") or (folder / "pyvenv.cfg").exists()


_SAYS_A_NAME = re.compile(rb"""(?:^|[{,])[ \t]*["']?(?:task|group|include)["']?[ \t]*:""", re.MULTILINE)
_NAME = re.compile(rb"""^["']?(?:task|group)["']?[ \t]*:[ \t]*["']?([\w./-]+)["']?[ \t]*(?:#.*)?\r?$""", re.MULTILINE)
_HIDES_A_NAME = re.compile(rb"""(?:^|[{,])[ \t]*["']?include["']?[ \t]*:|\\[uUx]""", re.MULTILINE)


def _may_declare(path: Path, names: Collection[str] | None) -> bool:
    """Tell whether parsing a file can bring one of the names, or any: looking at its text is much faster.

    A name need not stand in the text where it is included, escaped or broken over lines; a file that is called like
    the task is meant to declare it.
    """
    if names is not None and not {path.stem, path.parent.name}.isdisjoint(names):
        return True
    try:
        text = read_regular(path).removeprefix(codecs.BOM_UTF8)
    except OSError:
        return True  # parsing it says what is wrong
    if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    if not _SAYS_A_NAME.search(text):
        return False
    if names is None or _HIDES_A_NAME.search(text):
        return True
    return any(name.encode("utf-8", "replace") in text or len(name.split()) > 1 for name in names)


def _names_in_text(path: Path) -> set[str]:
    """Return the names that a file which cannot be read seems to declare: those that it says, else its own."""
    try:
        text = read_regular(path)
    except OSError:
        text = b""
    return {name.decode(errors="replace") for name in _NAME.findall(text)} or {path.stem}
