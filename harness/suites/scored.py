"""Which items of a task are scored: all, or as many as a limit says; never those that are shown as examples."""

from collections.abc import Mapping, Sequence
from typing import Any

from lm_eval.api.task import Task

from harness.spec.records import Suite
from harness.suites.examples import set_aside, shots_for_now


def scored_places(task: Task, *, limit: int | None) -> list[int] | None:
    """Return the places, ascending, of the items to score; None where all are.

    `task` comes from `with_shots`. They are the first, those left out that stand as examples before the others,
    and those that ask for what an example's `source` states.
    """
    aside = set_aside(task, whole=False)
    total = len(task.eval_docs)
    if not aside and (limit is None or limit >= total):
        return None
    free = _without(task.eval_docs, aside)
    return free[:limit]


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
        places = scored_places(task, limit=None)
    return list(range(len(task.eval_docs))) if places is None else places
