"""What the task files of searched folders declare, read without lm-eval and without building anything.

It needs YAML alone, so that listing tasks and checking a spec's task names start at once.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from harness.declarations.places import searched_folders
from harness.errors import TaskError


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A task or group as its YAML file declares it; `config` holds what it includes too, functions as text."""

    name: str
    path: Path
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the file says about itself: title, role, licence, forms, counts, source."""
        return self.config.get("metadata") or {}

    @property
    def is_group(self) -> bool:
        """A group has members and an aggregate instead of items."""
        return "group" in self.config


def declared(*, beside: Path | None = None, include: Iterable[Path] = ()) -> dict[str, Declared]:
    """Return every task and group of the searched folders by name; the first of a name hides later ones.

    A file stands in one of `harness.declarations.places.searched_folders` or one folder below. Raises
    `TaskError` for a file that cannot be read.
    """
    found: dict[str, Declared] = {}
    for folder in searched_folders("tasks", beside=beside, include=include):
        for task in _in(folder):
            found.setdefault(task.name, task)
    return found


def names(*, beside: Path | None = None, include: Iterable[Path] = ()) -> list[str]:
    """Return the names of all declared tasks and groups, sorted."""
    return sorted(declared(beside=beside, include=include))


def find(name: str, *, beside: Path | None = None, include: Iterable[Path] = ()) -> Declared | None:
    """Return the declaration of `name`; None where the searched folders have none (lm-eval itself may)."""
    return declared(beside=beside, include=include).get(name)


def _in(folder: Path) -> Iterator[Declared]:
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*/*.yaml")]):
        config = _config(path, ())
        name = config.get("group", config.get("task"))
        if isinstance(name, str):
            yield Declared(name=name, path=path, config=config)


class _Loader(yaml.SafeLoader):
    """Reads ``!function`` and other tags as the text that they hold."""


_Loader.add_multi_constructor("!", lambda _loader, _suffix, node: node.value)


def _config(path: Path, above: tuple[Path, ...]) -> dict[str, Any]:
    if path in above:
        raise TaskError(f"{path}: the files include each other: {' → '.join(map(str, [*above, path]))}.")
    try:
        content = yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader that skips tags
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise TaskError(f"{path}: cannot be read as YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(content, dict):
        return {}
    merged: dict[str, Any] = {}
    for each in _listed(content.pop("include", [])):
        merged |= _config((path.parent / each).resolve(), (*above, path))
    return merged | content


def _listed(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]
