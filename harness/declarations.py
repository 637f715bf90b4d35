"""Where declaration files are: beside the spec, in an include path, or shipped with the package.

A declaration is a recipe (``adapters/NAME.json``), a task folder (``tasks/NAME/``) or an experiment
(``specs/NAME.json``). The shipped ones stand at the top of the repository and, in an installed wheel, inside
the package. Names are looked up in the order beside the spec → include paths → shipped.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

Kind = Literal["adapters", "tasks", "specs"]

_PACKAGE = Path(__file__).resolve().parent


def shipped(kind: Kind) -> Path:
    """Return the folder of the declarations that come with harness."""
    inside = _PACKAGE / "_declarations" / kind
    return inside if inside.is_dir() else _PACKAGE.parent / kind


def places(kind: Kind, *, beside: Path | None = None, include: Iterable[Path] = ()) -> list[Path]:
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
    for folder in places(kind, beside=beside, include=include):
        for path in sorted(folder.glob("*.json")):
            if path.stem not in seen:
                seen.add(path.stem)
                yield path
