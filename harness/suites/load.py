"""lm-eval tasks by name: found beside a spec, in an include path, among the shipped ones or in lm-eval itself.

A task is one YAML file in a searched folder or one folder below. lm-eval reads and builds it; this module finds
the file and says plainly what is wrong with it.
"""

import difflib
import functools
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import lm_eval.tasks
import yaml
from lm_eval.api.task import Task
from lm_eval.config.task import TaskConfig
from lm_eval.tasks import TaskManager

from harness._compat.lm_eval import keep_compiled_templates
from harness.declarations.places import searched_folders
from harness.errors import HarnessError, TaskError
from harness.spec.taskfields import STRUCTURAL
from harness.suites.task_errors import task_error

# Without any handler the logging module would print lm-eval's warnings on the screen by itself.
logging.getLogger("lm_eval").addHandler(logging.NullHandler())

_NAME = re.compile(r"""^["']?(?:task|group)["']?:[ \t]*["']?([^\s"'#\[]+)""", re.MULTILINE)


def load_task(name: str, *, beside: Path | None = None, include: Iterable[Path] = ()) -> Task:
    """Return the lm-eval task `name`, freshly built (its loader has run).

    lm-eval's own tasks are searched when no YAML in our or the user's folders declares the name. Groups are
    refused: a suite has one set of items and one metric. Raises `TaskError` that names the file and what is
    wrong with it, and `SourceError` where the task's data cannot be reached.
    """
    folders = searched_folders("tasks", beside=beside, include=include)
    declared = declared_tasks(folders)
    path = declared.get(name) or _own_tasks_of_lm_eval().get(name)
    if path is None:
        known = [*declared, *_own_tasks_of_lm_eval()]
        raise TaskError(
            f"no task is called {name!r}{suggestion(name, known)}. Searched {', '.join(map(str, folders))} "
            "and lm-eval's own tasks."
        )
    _refuse_group(path, name)
    if name in declared:
        _check_fields(path)
    return _build(path, name)


def declared_tasks(folders: Iterable[Path]) -> dict[str, Path]:
    """Return the YAML file of every task and group declared in `folders`; the first of a name hides later ones.

    Raises `TaskError` for a YAML file that cannot be read.
    """
    found: dict[str, Path] = {}
    for folder in folders:
        for path in _yaml_files(folder):
            config = _read(path)
            name = config.get("group", config.get("task"))
            if isinstance(name, str):
                found.setdefault(name, path)
    return found


def _yaml_files(folder: Path) -> Iterator[Path]:
    for pattern in ("*.yaml", "*/*.yaml"):
        yield from sorted(folder.glob(pattern))


class _PlainLoader(yaml.SafeLoader):
    """Reads a task's YAML without running the functions it names."""


_PlainLoader.add_multi_constructor("!", lambda _loader, _suffix, node: node.value)


@functools.lru_cache(maxsize=512)
def _parsed(path: Path, _modified: int) -> Any:
    with path.open("rb") as file:
        return yaml.load(file, Loader=_PlainLoader)  # noqa: S506 - a SafeLoader that also skips over tags


def _read(path: Path) -> Mapping[str, Any]:
    try:
        content = _parsed(path, path.stat().st_mtime_ns)
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise TaskError(f"{path}: cannot be read as YAML: {' '.join(str(error).split())}.") from error
    return content if isinstance(content, dict) else {}


def _check_fields(path: Path) -> None:
    """Refuse keys that lm-eval does not know, in the file that holds them, all at once."""
    config = _read(path)
    if "group" in config or "class" in config:
        return
    allowed = {field.name for field in fields(TaskConfig)} | STRUCTURAL
    wrong = [f"{key!r}{suggestion(str(key), allowed)}" for key in config if key not in allowed]
    if wrong:
        raise TaskError(f"{path}: lm-eval knows no task field {'; '.join(wrong)}.")
    included = config.get("include", [])
    for each in included if isinstance(included, list) else [included]:
        _check_fields(path.parent / each)


def suggestion(given: str, allowed: Iterable[str]) -> str:
    near = difflib.get_close_matches(given, sorted(allowed), n=3, cutoff=0.6)
    return f" (did you mean {' or '.join(near)}?)" if near else ""


@functools.cache
def _own_tasks_of_lm_eval() -> dict[str, Path]:
    """Return lm-eval's own tasks and groups with their files.

    Read off the files' text: lm-eval's index parses ten thousand YAML files, which takes 9 seconds.
    """
    found: dict[str, Path] = {}
    for path in sorted(Path(lm_eval.tasks.__file__).parent.rglob("*.yaml")):
        declared = _NAME.search(path.read_text(encoding="utf-8"))
        if declared is not None:
            found.setdefault(declared[1], path)
    return found


def _refuse_group(path: Path, name: str) -> None:
    config = _read(path)
    if "group" not in config:
        return
    listed = config.get("task") or []
    members = [str(each.get("task", each.get("group"))) if isinstance(each, dict) else str(each) for each in listed]
    raise TaskError(
        f"{path}: {name} is a group of tasks; a suite is one task. "
        f"Name its members as suites of their own: {', '.join(members)}."
    )


def _build(path: Path, name: str) -> Task:
    """Let lm-eval build the task."""
    keep_compiled_templates()
    try:
        loaded = TaskManager(include_defaults=False).load(str(path))
    except HarnessError:
        raise
    except Exception as error:
        # A task runs its author's code while it is built, so anything may be raised and all of it is the task's.
        raise task_error(error, name=name, path=path, config=_read(path)) from error
    (task,) = loaded["tasks"].values()
    return task
