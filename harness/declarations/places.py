"""Where declaration files are: beside the spec, in an include path, or shipped with the package.

A declaration is a recipe (``adapters/NAME.json``), a task folder (``tasks/NAME/``) or an experiment
(``specs/NAME.json``). The shipped ones stand at the top of the repository and, in an installed wheel, inside
the package. Names are looked up in the order beside the spec → include paths → shipped.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

Kind = Literal["adapters", "tasks", "specs"]

_PACKAGE = Path(__file__).resolve().parent.parent


def shipped(kind: Kind) -> Path:
    """Return the folder of the declarations that come with harness."""
    inside = _PACKAGE / "_declarations" / kind
    return inside if inside.is_dir() else _PACKAGE.parent / kind


def searched_folders(kind: Kind, *, beside: Path | None = None, include: Iterable[Path] = ()) -> list[Path]:
    """Return the folders searched for a declaration, in order, without repetition.

    `beside` is the folder of the spec: both it and its ``adapters/`` (``tasks/``, ``specs/``) are searched, and
    so for each include path.
    """
    roots = [*([beside] if beside else []), *include]
    folders = [folder for root in roots for folder in (root, root / kind)] + [shipped(kind)]
    return list(dict.fromkeys(folder.resolve() for folder in folders))


def json_files(kind: Kind, *, beside: Path | None = None, include: Iterable[Path] = ()) -> Iterator[Path]:
    """Yield the JSON declarations of one kind; the first of a name hides later ones of the same name."""
    seen: set[str] = set()
    for folder in searched_folders(kind, beside=beside, include=include):
        for path in sorted(folder.glob("*.json")):
            if path.stem not in seen:
                seen.add(path.stem)
                yield path


_NAMED = re.compile(r"^(?:task|group):[ \t]*[\"']?([\w.\-/]+)[\"']?[ \t]*$", re.MULTILINE)


def task_files(*, beside: Path | None = None, include: Iterable[Path] = ()) -> dict[str, Path]:
    """Return the tasks and groups declared in YAML under the task folders, by name; the first of a name counts.

    The files are searched as text for their ``task:`` or ``group:`` line: nothing is loaded, and a YAML with
    lm-eval's ``!function`` needs no loader.
    """
    found: dict[str, Path] = {}
    for folder in searched_folders("tasks", beside=beside, include=include):
        for path in _yaml_files(folder):
            for name in _NAMED.findall(path.read_text(encoding="utf-8", errors="replace")):
                found.setdefault(name, path)
    return found


def task_file(name: str, *, beside: Path | None = None, include: Iterable[Path] = ()) -> Path | None:
    """Return the YAML file that declares a task or group, or None where it is not one of ours or the user's."""
    return task_files(beside=beside, include=include).get(name)


def _yaml_files(folder: Path) -> list[Path]:
    """Return the YAML files in a folder and one level below: a task is a file or a folder of its own."""
    return sorted([*folder.glob("*.yaml"), *folder.glob("*/*.yaml")])
