"""Which items of a task are scored: all, or as many as a limit says; never those that are shown as examples."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from lm_eval.api.task import Task

from harness.errors import TaskError
from harness.spec.records import EvaluationOptions, Split, Suite
from harness.suites.drawing import STRATA, drawn, labels_of
from harness.suites.examples import set_aside, shots_for_now, unchanged


def score_split(task: Task, split: Split) -> Task:
    """Let a task score one of its splits from now on, and return it. Raises `TaskError` where it lacks that."""
    if split == "validation":
        if not task.has_validation_docs():
            raise TaskError(f"task {task.task_name} has no validation split, whose rows were to be scored.")
        task.set_config(key="test_split", value=None)
    return task


@contextmanager
def split_for_now(task: Task, split: Split) -> Iterator[Task]:
    """Yield the task as `score_split` sets it, and leave it with its own split."""
    with unchanged(task, "test_split"):
        yield score_split(task, split)


def scored_places(task: Task, suite: Suite, options: EvaluationOptions, *, part: int | None = None) -> list[int] | None:
    """Return the places, ascending, of the items to score; None where all are.

    A limit's items are drawn by `options.limit_seed` in proportion over `form`, `subject` and the suite's cluster, or
    are the first. Left out are those that stand as examples before the others, and what asks for what an example's
    `source` states; a draw keeps clear of all that might be examples, so that it is the same with and without them.
    With `part`, that many of these items are drawn from them. `task` comes from `with_shots`.
    """
    documents = task.eval_docs
    limit = options.limit if suite.limit is None else suite.limit
    taken = _limited(task, documents, limit, suite, options)
    if part is not None and part < len(taken):
        taken = _drawn(documents, taken, part, suite, options)
    return None if len(taken) == len(documents) else taken


def _limited(task: Task, documents: Any, limit: int | None, suite: Suite, options: EvaluationOptions) -> list[int]:
    free = _without(documents, set_aside(task, whole=False))
    if limit is None or limit >= len(free):
        return free
    if options.limit_order == "first":
        return free[:limit]
    clear = _without(documents, set_aside(task, whole=True))
    return _drawn(documents, clear if len(clear) >= limit else free, limit, suite, options)


def _drawn(documents: Any, places: list[int], count: int, suite: Suite, options: EvaluationOptions) -> list[int]:
    fields = [*STRATA[:-1], *([suite.cluster] if suite.cluster else [])]
    labels = labels_of(documents, fields)
    chosen = drawn([labels[place] for place in places], count, seed=options.limit_seed)
    return [places[place] for place in chosen]


def _without(documents: Any, aside: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the places of the documents that equal none of `aside` and are not made of the same source as one."""
    if not aside:
        return list(range(len(documents)))
    told = {each["source"] for each in aside if isinstance(each.get("source"), str)} - {""}
    return [
        place
        for place, document in enumerate(documents)
        if document not in aside and document.get("source") not in told
    ]


def scorable(task: Task, suite: Suite) -> list[int]:
    """Return the places of all items that a suite's limit may choose from."""
    with shots_for_now(task, suite):
        return _without(task.eval_docs, set_aside(task, whole=False))
