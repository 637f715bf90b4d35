"""Whether a suite's scores will be a number an item that pairs, asked of the task itself before anything is scored."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from lm_eval.api.task import Task

from harness.compare.sources.samples import NO_FILTER
from harness.declarations.aggregation import Kind, aggregation_in
from harness.errors import TaskError
from harness.spec.records import Experiment, Suite
from harness.suites.load import suggestion

_LIKELIHOOD = -1.0


def check_comparable(experiment: Experiment, tasks: Mapping[str, Task]) -> None:
    """Raise `TaskError` with everything that will keep a suite's scores from being compared.

    `tasks` are the experiment's suites with their requests built. A metric or filter that is not there, several filters
    and none chosen, a metric with no number an item, and items that repeat are found. What a task's own function makes
    of stand-in answers is looked at; where it cannot take them, the base's scores will tell.
    """
    found = [
        f"suite {suite.task}: {reason}"
        for suite in experiment.suites
        for reason in _reasons(tasks[suite.task], suite, refuse_repeated=experiment.comparison.duplicates == "refuse")
    ]
    if found:
        raise TaskError("\n".join(dict.fromkeys(found)))


def _reasons(task: Task, suite: Suite, *, refuse_repeated: bool) -> Iterator[str]:
    name, _, chosen = suite.metric.partition(",")
    known = sorted(task.aggregation())
    if name not in known:
        yield f"the task reports no metric {name!r}{suggestion(name, known)}; it has {', '.join(known)}"
        return
    yield from _of_filters(_filters(task), name, chosen)
    yield from _of_a_number(task, name)
    yield from _of_repeated(task, refuse=refuse_repeated)


def _filters(task: Task) -> list[str]:
    return [str(each["name"]) for each in task.config.filter_list or ()] or [NO_FILTER]


def _of_filters(filters: Sequence[str], name: str, chosen: str) -> Iterator[str]:
    options = ", ".join(f"{name},{each}" for each in filters)
    if chosen and chosen not in filters:
        yield f"the task has no filter {chosen!r}; name one of {options} as the metric"
    elif not chosen and len(filters) > 1:
        yield f"the task scores {name} under several filters; name one of {options} as the metric"


def _of_a_number(task: Task, name: str) -> Iterator[str]:
    made = aggregation_in(task.config.to_dict(), name)
    if made.kind is Kind.REFUSED:
        yield made.reason
        return
    value = _stand_in_score(task, name)
    if value is not None and not made.takes_apart(value) and not isinstance(value, int | float):
        why = f": {made.reason}" if made.reason else ""
        yield f"{name} is {value!r:.60} for an item, which is not a number that can be compared{why}"


def _stand_in_score(task: Task, name: str) -> Any:
    """Return what the task makes of stand-in answers to its first item, None where it can make nothing of them.

    A task that runs what a model wrote is not asked.
    """
    if getattr(task.config, "unsafe_code", False):
        return None
    requests = [each for each in task.instances if each.doc_id == task.instances[0].doc_id]
    kinds = {
        "loglikelihood": lambda place: (_LIKELIHOOD - place, False),
        "loglikelihood_rolling": lambda _: _LIKELIHOOD,
        "generate_until": lambda _: "answer",
    }
    # The task's author may have written anything that scores, and may rely on what a real answer looks like.
    with suppress(Exception):
        answers = [kinds[each.request_type](place) for place, each in enumerate(requests)]
        scores: Mapping[str, Any] = task.process_results(requests[0].doc, answers)
        return scores.get(name)
    return None


def _of_repeated(task: Task, *, refuse: bool) -> Iterator[str]:
    """Yield what is wrong with items that come several times: scored alike they count once, drawn anew they cannot."""
    repeated = _repeated(task)
    if repeated and refuse:
        yield f"{repeated} items are there before; take them out, or leave `duplicates` of `comparison` at once"
    elif repeated and _draws(task):
        yield f"{repeated} items are there before, and their answers are drawn at random, so that they have two scores"


def _repeated(task: Task) -> int:
    """Count the items whose document, prompt and target have been there before."""
    first: dict[Any, str] = {}
    for each in task.instances:
        if each.doc_id not in first:
            target = task.doc_to_target(each.doc)
            first[each.doc_id] = json.dumps([each.doc, each.args[0], target], default=str)
    return sum(count - 1 for count in Counter(first.values()).values())


def _draws(task: Task) -> bool:
    options = task.config.generation_kwargs or {}
    return task.OUTPUT_TYPE == "generate_until" and bool(options.get("do_sample"))
