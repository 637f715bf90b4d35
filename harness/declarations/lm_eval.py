"""What the installed lm-eval brings, known without importing it: its tasks by name, and the fields of a task."""

import ast
import functools
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.declarations.task_yaml import Declared, TaskFileError, read_task
from harness.paths import cache_root

_FORMAT = 1
"""Counted up when the index is made otherwise, so that none of an earlier kind is read."""

_STRUCTURAL = frozenset({"include", "tag", "group", "task_list", "class"})
"""Keys that lm-eval's loader reads before it builds a task's configuration."""


@dataclass(frozen=True, slots=True)
class OwnTask:
    """A task or group that lm-eval brings, and its YAML file."""

    path: Path
    is_group: bool


def is_installed() -> bool:
    """Tell whether lm-eval is there to be asked."""
    return _package() is not None


@functools.cache
def own_tasks() -> Mapping[str, OwnTask]:
    """Return lm-eval's own tasks and groups by name; none where it is not installed.

    Its YAML files are read once a version (some seconds) and the index is kept in the cache.
    """
    package = _package()
    if package is None:
        return {}
    folder = package / "tasks"
    file = cache_root() / "lm_eval" / f"{_version_of(folder)}.json"
    index = _kept(file)
    if index is None:
        index = _built(folder)
        with suppress(OSError):  # where the cache cannot be written, the next process builds it again
            _keep(file, index)
    return {name: OwnTask(folder / path, is_group) for name, (path, is_group) in index.items()}


@functools.cache
def task_fields() -> frozenset[str]:
    """Return the fields that a task's YAML may have, read off lm-eval's source; none where that cannot be read."""
    package = _package()
    source = None if package is None else package / "config" / "task.py"
    if source is None or not source.is_file():
        return frozenset()
    classes = (node for node in ast.parse(source.read_text("utf-8")).body if isinstance(node, ast.ClassDef))
    fields = [line for each in classes if each.name == "TaskConfig" for line in each.body]
    names = {line.target.id for line in fields if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)}
    return frozenset(names | _STRUCTURAL) if names else frozenset()


def unknown_fields(task: Declared) -> list[tuple[Path, str]]:
    """Return the fields of a task that lm-eval does not know, each with its file.

    None are found of a group, which has other fields, and where lm-eval's source cannot be read.
    """
    known = task_fields()
    if "group" in task.config or "class" in task.config or not known:
        return []
    return [(part.path, str(field)) for part in task.parts for field in part.content if field not in known]


def _package() -> Path | None:
    spec = importlib.util.find_spec("lm_eval")
    places = spec.submodule_search_locations if spec else None
    return Path(places[0]) if places else None


_Index = dict[str, tuple[str, bool]]
"""By name: the file below lm-eval's folder of tasks, and whether it declares a group."""


def _built(folder: Path) -> _Index:
    """Read every YAML file; the first of a name counts, and what lm-eval itself could not read is passed over."""
    index: _Index = {}
    for path in sorted(folder.rglob("*.yaml"), key=Path.as_posix):
        with suppress(TaskFileError):
            task = read_task(path)
            if task is not None:
                index.setdefault(task.name, (path.relative_to(folder).as_posix(), task.is_group))
    return index


def _version_of(folder: Path) -> str:
    """Return a name for these tasks, which changes with lm-eval's version and with what lies in its folder."""
    folders = (entry for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith("_"))
    entries = sorted((entry.name, entry.stat().st_mtime_ns) for entry in folders)
    version = importlib.metadata.version("lm_eval")
    digest = hashlib.sha256(json.dumps([_FORMAT, str(folder), entries]).encode()).hexdigest()
    return f"{version}-{digest[:12]}"


def _kept(file: Path) -> _Index | None:
    """Return the index in a file, None where there is none that can be read."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return {str(name): (str(path), bool(is_group)) for name, (path, is_group) in content.items()}


def _keep(file: Path, index: _Index) -> None:
    """Write the index so that it appears whole: processes that build it at once write the same."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(prefix=".", dir=file.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump(index, stream)
    Path(partial).replace(file)
