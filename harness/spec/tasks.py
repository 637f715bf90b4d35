"""The tasks that an experiment names: where they are declared, and what is wrong with how they are named and used."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import names
from harness.declarations import trust
from harness.declarations.aggregation import Kind, declared_aggregation
from harness.declarations.code import consented, executes_code, refusal
from harness.declarations.kinds import KINDS
from harness.declarations.lm_eval import OwnTask, is_installed, own_tasks, task_fields, unknown_fields
from harness.declarations.places import searched_folders
from harness.declarations.task_yaml import Declared, TaskFileError, read_task
from harness.declarations.tasks import search
from harness.errors import Problem
from harness.spec.document import Located
from harness.spec.document import Path as At
from harness.spec.files import label
from harness.spec.recipe import ReadRecipe
from harness.spec.suggest import nearest, resembling

_NO_FILTER = "none"
"""What lm-eval calls the filter of a task that declares none."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A task's name in a document, and the metric that a suite names with it."""

    document: Located
    at: At
    task: str
    metric: str | None = None

    def problem(self, message: str, remedy: str) -> Problem:
        """Return a problem of the task's name."""
        return self.document.problem(self.at, message, remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTasks:
    """The tasks that an experiment and its recipes' stages name, with what their names stand for.

    `declared` are in the searched folders, `own` are lm-eval's; `broken` are files that may declare one that is
    neither.
    """

    mentions: tuple[Mention, ...]
    declared: Mapping[str, Declared]
    own: Mapping[str, OwnTask]
    broken: tuple[TaskFileError, ...]
    beside: Path
    include: tuple[Path, ...]


def named_tasks(
    whole: Located, recipes: Iterable[ReadRecipe], *, beside: Path, include: tuple[Path, ...]
) -> NamedTasks:
    """Look up every task that is named, whatever else is wrong with the document around it."""
    mentions = (*_mentions(whole), *(mention for recipe in recipes for mention in _stage_mentions(recipe)))
    wanted = {mention.task for mention in mentions}
    found = search(wanted, beside=beside, include=include)
    missing = wanted - found.tasks.keys()
    own = {name: task for name, task in own_tasks().items() if name in missing} if missing else {}
    return NamedTasks(
        mentions=mentions, declared=found.tasks, own=own, broken=found.broken, beside=beside, include=include
    )


def task_problems(tasks: NamedTasks) -> Iterator[Problem]:
    """Yield names that stand for no task, groups, metrics that a task does not report, and fields of no meaning."""
    checked: set[str] = set()
    for mention in tasks.mentions:
        if mention.task in tasks.declared:
            declared = tasks.declared[mention.task]
            yield from _use(mention, declared)
            yield from _code(mention, declared)
            yield from _trust(mention, declared) if mention.task not in checked else ()
            yield from _fields(mention, declared) if mention.task not in checked else ()
        elif mention.task in tasks.own:
            own = read_task(tasks.own[mention.task].path)
            yield from (*_use(mention, own), *_code(mention, own)) if own is not None else ()
        else:
            yield from _not_found(mention, tasks)
        checked.add(mention.task)


def _mentions(whole: Located) -> Iterator[Mention]:
    blocks = ((block, index) for block in ("suites", "mix") for index in range(_length(whole.value.get(block))))
    for where in (*blocks, ("data",), ("validation", "data")):
        block = _block(whole.value, where)
        is_suite = where[0] == "suites"
        task, metric = block.get("task"), block.get("metric") if is_suite else None
        if isinstance(task, str) and (is_suite or block.get("source") == "task"):
            yield Mention(whole, (*where, "task"), task, metric if isinstance(metric, str) else None)


def _stage_mentions(read: ReadRecipe) -> Iterator[Mention]:
    for place, stage in enumerate(read.recipe.stages):
        if stage.data is not None and stage.data.task is not None:
            yield Mention(read.document, ("stages", place, "data", "task"), stage.data.task)
    for part in read.parts:
        for place, member in enumerate(part.recipe.mix or ()):
            if member.task is not None:
                yield Mention(part.document, ("data", "mix", place, "task"), member.task)
        ranking = part.recipe.layers.data
        if ranking is not None and ranking.task is not None:
            yield Mention(part.document, ("layers", "data", "task"), ranking.task)


def _block(whole: Any, where: At) -> dict[str, Any]:
    """Return the object that stands somewhere, an empty one where none does."""
    for step in where:
        there = isinstance(step, int) or (isinstance(whole, dict) and step in whole)
        whole = whole[step] if there else None
    return whole if isinstance(whole, dict) else {}


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list) else 0


def _use(mention: Mention, task: Declared) -> Iterator[Problem]:
    if task.is_group:
        members = f"Name its members: {', '.join(task.members)}."
        yield mention.problem(f"{task.name!r} is a group of tasks, and one task is needed", members)
    elif mention.metric is not None:
        where = (*mention.at[:-1], "metric")
        for message, remedy in _of_metric(mention.metric, task):
            yield mention.document.problem(where, message, remedy)


def _of_metric(named: str, task: Declared) -> Iterator[tuple[str, str]]:
    """Yield why a suite's metric will not be a number an item, as far as the task's YAML tells, and what to do."""
    metric, _, chosen = named.partition(",")
    options = [f"{metric},{each}" for each in task.filters]
    made = declared_aggregation(task, metric)
    if task.metrics and metric not in task.metrics:
        yield f"the task {task.name!r} reports no metric {named!r}", nearest(metric, task.metrics)
    elif chosen and chosen not in (task.filters or (_NO_FILTER,)):
        known = f"Its filters: {', '.join(task.filters)}." if task.filters else "It has none: name the metric alone."
        yield f"the task {task.name!r} has no filter {chosen!r}", known
    elif not chosen and len(options) > 1:
        yield f"the task {task.name!r} scores {metric!r} under several filters", f"Name one of {', '.join(options)}."
    elif made.kind is Kind.REFUSED:
        yield made.reason, "Name a metric that is a number an item."


def _code(mention: Mention, task: Declared) -> Iterator[Problem]:
    """Refuse what runs the model's programs without the consent of whoever runs harness."""
    if executes_code(task) and task.name not in consented():
        sentence, _, how = refusal(task.name).partition(". ")
        yield mention.problem(sentence, f"{how}.")


def _trust(mention: Mention, task: Declared) -> Iterator[Problem]:
    """Refuse code that comes with a task and that nobody vouches for: the words of its text suffice to find it."""
    if codes := trust.untrusted(task):
        message, remedy = trust.refusal(task, codes)
        yield mention.problem(message, f"{remedy}.")


def _fields(mention: Mention, task: Declared) -> Iterator[Problem]:
    """Hold a task that is ours or the user's to lm-eval's fields; its own are its business."""
    for file, field in unknown_fields(task):
        message = f"{file} has the field {field!r}, which lm-eval does not know"
        yield mention.problem(message, nearest(field, task_fields()))
    kind = str(task.metadata.get("kind", ""))
    if kind not in KINDS and resembling(kind, KINDS, least=0.8):  # others' words for other things are theirs
        message = f"the task {task.name!r} is of a kind that is not known: {kind!r}"
        yield mention.problem(message, nearest(kind, KINDS))


def _not_found(mention: Mention, tasks: NamedTasks) -> Iterator[Problem]:
    allowed = names.wrong(names.TASK, mention.task)
    if allowed is not None:
        yield mention.problem(f"{mention.task!r} cannot name a task", f"A name is {allowed}.")
    elif tasks.broken:
        for error in tasks.broken:
            yield mention.problem(f"{error.path} {error.problem}", f"{error.detail}.")
    elif is_installed():
        ours, own = search(beside=tasks.beside, include=tasks.include).tasks, own_tasks()
        meant = ours if resembling(mention.task, ours) or not resembling(mention.task, own) else own
        folders = searched_folders("tasks", beside=tasks.beside, include=tasks.include)
        searched = f"Searched: {', '.join(map(label, folders))} and lm-eval's own. `harness tasks` lists them."
        yield mention.problem(f"{mention.task!r} is not a task", f"{nearest(mention.task, meant)} {searched}")
