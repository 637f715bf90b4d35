"""Where declaration files are: beside the spec, in an include path, below the current directory, or shipped.

A declaration is a recipe (``adapters/NAME.json``), a task (YAML below ``tasks/``) or an experiment
(``specs/NAME.json``). The shipped ones stand at the top of the repository and, in an installed wheel, inside the
package.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from harness.paths import is_folder

Kind = Literal["adapters", "tasks", "specs"]

_PACKAGE = Path(__file__).resolve().parent.parent


def shipped(kind: Kind) -> Path:
    """Return the folder of the declarations that come with harness."""
    inside = _PACKAGE / "_declarations" / kind
    return inside if inside.is_dir() else _PACKAGE.parent / kind


def searched_folders(kind: Kind, *, beside: Path | None = None, include: Iterable[Path] = ()) -> list[Path]:
    """Return the folders searched for a declaration, in order, without repetition; not all of them need be there.

    They are the folder of the spec (`beside`) and each include path, with the ``adapters/`` (``tasks/``, ``specs/``)
    in each; that of the folder above a spec which lies in a folder called ``specs``; that of the current directory;
    and the shipped one.
    """
    near = _around_the_spec(kind, beside, include)
    return list(dict.fromkeys([*near, (Path.cwd() / kind).resolve(), shipped(kind).resolve()]))


def found_from_here(kind: Kind, path: Path, *, beside: Path, include: Iterable[Path] = ()) -> bool:
    """Tell whether a declaration is found only while the current directory is what it is."""
    here = (Path.cwd() / kind).resolve()
    elsewhere = [*_around_the_spec(kind, beside, include), shipped(kind).resolve()]
    return path.is_relative_to(here) and here not in elsewhere


def _around_the_spec(kind: Kind, beside: Path | None, include: Iterable[Path]) -> list[Path]:
    roots = [*([beside] if beside else []), *include]
    above = [beside.resolve().parent / kind] if beside and beside.resolve().name == "specs" else []
    return [folder.resolve() for folder in (*(each for root in roots for each in (root, root / kind)), *above)]


def json_files(kind: Kind, *, beside: Path | None = None, include: Iterable[Path] = ()) -> Iterator[Path]:
    """Yield the JSON declarations of one kind; the first of a name hides later ones of the same name."""
    seen: set[str] = set()
    for folder in searched_folders(kind, beside=beside, include=include):
        for path in sorted(folder.glob("*.json")) if is_folder(folder) else ():
            if path.stem not in seen:
                seen.add(path.stem)
                yield path
