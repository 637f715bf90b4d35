"""Whether a file declares an experiment or a recipe."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from harness.errors import Problem, SpecError
from harness.spec.files import find, is_path, not_found, read_alone

FileKind = Literal["specs", "adapters"]

_OF_A_RECIPE = {"peft", "bottleneck", "layers", "match", "quantization", "probe_batches", "stages"}


def declared_kind(name_or_path: str, *, include: Iterable[Path] = ()) -> tuple[FileKind, Path]:
    """Return what a file, or the declaration of a name, is, and its path.

    A name is an experiment's before it is a recipe's. A file is what its ``$schema`` says, else a recipe where it
    is called like one (``<method>--<name>.json``) or has a key that only recipes have. Raises `SpecError` for what
    is not there and for what is not JSON.
    """
    folders = tuple(include)
    here = Path.cwd()
    if is_path(name_or_path):
        path = find("specs", name_or_path, beside=here, include=folders)
        if path is None:
            message, remedy = not_found("specs", name_or_path, beside=here, include=folders)
            raise SpecError([Problem(name_or_path, "$", None, message, remedy)])
        return _of_file(path), path
    return _of_name(name_or_path, here, folders)


def _of_name(name: str, here: Path, include: tuple[Path, ...]) -> tuple[FileKind, Path]:
    kinds: tuple[FileKind, ...] = ("specs", "adapters")
    for kind in kinds:
        path = find(kind, name, beside=here, include=include)
        if path is not None:
            return _of_file(path), path
    kind = "adapters" if "--" in name else "specs"
    message, remedy = not_found(kind, name, beside=here, include=include)
    raise SpecError([Problem(name, "$", None, message, remedy)])


def _of_file(path: Path) -> FileKind:
    value: dict[str, Any] = read_alone(path).value
    schema = str(value.get("$schema", ""))
    if schema.endswith(("experiment.schema.json", "recipe.schema.json")):
        return "adapters" if schema.endswith("recipe.schema.json") else "specs"
    return "adapters" if "--" in path.stem or _OF_A_RECIPE & value.keys() else "specs"
