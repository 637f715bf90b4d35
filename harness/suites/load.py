"""lm-eval tasks by name: found beside a spec, in an include path, among the shipped ones or in lm-eval itself.

lm-eval reads and builds a task's YAML file; this module says plainly what is wrong with it.
"""

import difflib
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from lm_eval.api.task import Task
from lm_eval.tasks import TaskManager

from harness._compat.lm_eval import prepare_templates
from harness.declarations import trust
from harness.declarations.code import code_allowed, consented, executes_code, refusal
from harness.declarations.lm_eval import own_tasks, task_fields, unknown_fields
from harness.declarations.places import searched_folders
from harness.declarations.task_yaml import Declared, read_task
from harness.declarations.tasks import find_task, search
from harness.errors import HarnessError, TaskError
from harness.shelf import Shelf
from harness.spec.records import Suite
from harness.suites.task_errors import task_error
from harness.witness import looking_through

# Without any handler the logging module would print lm-eval's warnings on the screen by itself.
logging.getLogger("lm_eval").addHandler(logging.NullHandler())

_shelf: Shelf[tuple[str, Path | None, tuple[Path, ...]], Task] = Shelf("tasks that were built")


@contextmanager
def built_once() -> Iterator[None]:
    """Build each task once while the block runs: whoever asks for it again is given the same object.

    For looking at an experiment, which reads a suite for its tokens, for contamination and for its digest. A task that
    is scored is built anew, since scoring writes on it.
    """
    with _shelf.open():
        yield


def load_task(name: str, *, beside: Path | None = None, include: Iterable[Path] = ()) -> Task:
    """Return the lm-eval task `name`, freshly built (its loader has run) but inside `built_once`.

    lm-eval's own tasks are searched when no YAML in our or the user's folders declares the name. Groups are
    refused: a suite has one set of items and one metric. Raises `TaskError` that names the file and what is
    wrong with it, and `SourceError` where the task's data cannot be reached.
    """
    place = name, beside, tuple(include)
    return _shelf.get(place, lambda: _load(*place))


def _load(name: str, beside: Path | None, include: tuple[Path, ...]) -> Task:
    declared = find_task(name, beside=beside, include=include)
    own = None if declared else own_tasks().get(name)
    task = read_task(own.path) if own else declared
    if task is None:
        raise _unknown(name, beside, include)
    if task.is_group:
        raise TaskError(
            f"{task.path}: {name} is a group of tasks; a suite is one task. "
            f"Name its members as suites of their own: {', '.join(task.members)}."
        )
    if declared:
        _check_fields(declared)
    if executes_code(task) and name not in consented():
        raise TaskError(f"{refusal(name)}.")
    if codes := trust.untrusted(task):
        raise TaskError(". ".join(trust.refusal(task, codes)) + ".")
    return _build(task)


def suite_of(name: str, *, include: Iterable[Path] = ()) -> Suite:
    """Return a task as a suite that is scored by itself, by the first of the task's metrics. Raises as `load_task`."""
    metrics = load_task(name, include=include).config.metric_list
    if not metrics:
        raise TaskError(f"task {name} names no metric in its `metric_list`.")
    return Suite(task=name, role="in_domain", metric=str(metrics[0]["metric"]))


def _unknown(name: str, beside: Path | None, include: tuple[Path, ...]) -> TaskError:
    known = [*search(beside=beside, include=include).tasks, *own_tasks()]
    folders = ", ".join(map(str, searched_folders("tasks", beside=beside, include=include)))
    return TaskError(
        f"no task is called {name!r}{suggestion(name, known)}. Searched {folders} and lm-eval's own tasks."
    )


def _check_fields(task: Declared) -> None:
    """Refuse fields that lm-eval does not know, in the files that hold them, all at once."""
    wrong: dict[Path, list[str]] = {}
    for path, field in unknown_fields(task):
        wrong.setdefault(path, []).append(f"{field!r}{suggestion(field, task_fields())}")
    if wrong:
        lines = (f"{path}: lm-eval knows no task field {'; '.join(fields)}." for path, fields in wrong.items())
        raise TaskError("\n".join(lines))


def suggestion(given: str, allowed: Iterable[str]) -> str:
    near = difflib.get_close_matches(given, sorted(allowed), n=3, cutoff=0.6)
    return f" (did you mean {' or '.join(near)}?)" if near else ""


def _build(task: Declared) -> Task:
    """Let lm-eval build the task."""
    prepare_templates()
    try:
        with code_allowed() if executes_code(task) else nullcontext(), looking_through():
            loaded = TaskManager(include_defaults=False).load(str(task.path))
    except HarnessError:
        raise
    except Exception as error:
        # A task runs its author's code while it is built, so anything may be raised and all of it is the task's.
        raise task_error(error, name=task.name, path=task.path, config=task.config) from error
    (built,) = loaded["tasks"].values()
    return built
