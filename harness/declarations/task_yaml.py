"""One task's YAML: the name, includes, fields, metrics, members and source files of what it declares.

lm-eval's own loader would run the functions that a file names; here they stay text, and nothing is built.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness import names
from harness.declarations import bounded_yaml
from harness.declarations.bounded_yaml import SafeLoader
from harness.errors import TaskError
from harness.paths import read_regular

_MOST_FILES = 100
"""A chain of includes that goes on longer is nobody's task."""


class TaskFileError(TaskError):
    """A task's YAML file cannot be used: which one, what is wrong with it, and the details."""

    def __init__(self, path: Path, problem: str, detail: str) -> None:
        self.path = path
        self.problem = problem
        self.detail = detail
        super().__init__(f"{path}: {problem}: {detail}.")


class FunctionName(str):
    """A function that a task's YAML names (``!function loader.load``)."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One YAML file of a task as it stands: its own or one that it includes."""

    path: Path
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A task or group as its YAML declares it: `config` holds what it includes too, `parts` are the files read."""

    name: str
    config: Mapping[str, Any]
    parts: tuple[Part, ...]

    @property
    def path(self) -> Path:
        """The file that declares the name."""
        return self.parts[0].path

    @property
    def is_group(self) -> bool:
        """A group has members and an aggregate instead of items."""
        return "group" in self.config and "class" not in self.config

    @property
    def members(self) -> list[str]:
        """The names of a group's tasks, in order; of a task none."""
        listed = _listed(self.config.get("task")) if self.is_group else []
        return [str(each.get("task", each.get("group"))) if isinstance(each, dict) else str(each) for each in listed]

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the file says about itself: title, role, licence, forms, counts, source."""
        found = self.config.get("metadata")
        return found if isinstance(found, Mapping) else {}

    @property
    def metrics(self) -> frozenset[str]:
        """The metrics that a task reports, by lm-eval's names; empty where it lists none and lm-eval decides."""
        listed = [each.get("metric") for each in _listed(self.config.get("metric_list")) if isinstance(each, dict)]
        # lm-eval reports a metric that is a function by the function's name.
        names = [each.rpartition(".")[2] if isinstance(each, FunctionName) else each for each in listed]
        return frozenset(str(each) for each in names if each is not None)

    @property
    def filters(self) -> tuple[str, ...]:
        """The filters that answers go through, by name, each with scores of its own; empty where none is declared."""
        listed = [each for each in _listed(self.config.get("filter_list")) if isinstance(each, dict)]
        return tuple(str(each["name"]) for each in listed if "name" in each)

    @property
    def source_files(self) -> list[Path]:
        """The YAML and what lies beside it and may have a say in the items: loaders, other YAML, rows."""
        beside = sorted(self.path.parent.iterdir())
        return [path for path in beside if path.suffix in (".yaml", ".py", ".jsonl")]


def read_task(path: Path) -> Declared | None:
    """Return the task or group that a YAML file declares, None where it declares none.

    Raises `TaskFileError` where the file or one that it includes cannot be read, and for one that is included twice.
    """
    parts: list[Part] = []
    config = _merged(path, parts)
    name = config.get("task") if "class" in config else config.get("group", config.get("task"))
    if not isinstance(name, str):
        return None
    allowed = names.wrong(names.TASK, name)
    if allowed is not None:
        raise TaskFileError(path, f"declares the name {name!r:.80}, which cannot name a task", f"a name is {allowed}")
    return Declared(name=name, config=config, parts=tuple(parts))


def _merged(path: Path, parts: list[Part]) -> dict[str, Any]:
    """Return what a file says laid over what it includes, as lm-eval does; the files are added to `parts`."""
    if path in [part.path for part in parts]:
        chain = " → ".join(str(each) for each in (*(part.path for part in parts), path))
        raise TaskFileError(path, "is included twice", chain)
    if len(parts) >= _MOST_FILES:
        raise TaskFileError(path, "includes too much", f"{_MOST_FILES} files are read for one task")
    content = _content(path)
    if not isinstance(content, dict):
        if not parts:
            return {}
        raise TaskFileError(path, "holds no fields", f"{parts[-1].path} includes it")
    parts.append(Part(path, content))
    merged: dict[str, Any] = {}
    for each in _listed(content.get("include")):
        included = _merged(_included(path, each), parts)
        merged |= {field: value for field, value in included.items() if field != "task_list"}
    return merged | {field: value for field, value in content.items() if field != "include"}


def _included(path: Path, named: Any) -> Path:
    try:
        return (path.parent / str(named)).resolve()
    except (OSError, ValueError) as error:
        raise TaskFileError(path, f"includes {str(named)!r:.80}, which cannot be a path", str(error)) from error


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _content(path: Path) -> Any:
    try:
        status = path.stat()
        return _parsed(path, status.st_mtime_ns, status.st_size)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise TaskFileError(path, "cannot be read as YAML", " ".join(str(error).split())) from error


@functools.lru_cache(maxsize=512)
def _parsed(path: Path, _modified: int, _size: int) -> Any:
    return bounded_yaml.load(read_regular(path), _TextLoader)


class _TextLoader(SafeLoader):
    """Reads ``!function`` and other tags as the text or list that they stand before."""


def _untagged(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return FunctionName(loader.construct_scalar(node))
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True) if isinstance(node, yaml.MappingNode) else None


_TextLoader.add_multi_constructor("!", _untagged)
