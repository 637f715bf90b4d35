"""The options of a multiple-choice sample as lm-eval logs them, and the right one's margin where the log lacks it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from harness.errors import ComparisonError
from harness.suites.metrics import margin

MARGIN = "answer_margin"
_Request = tuple[str, str]
"""A prompt and its continuation, the delimiter included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFields:
    """What a results file says of a task: the delimiter before an option, and its `doc_to_target`.

    Where it says nothing, the delimiter is taken to be white space, and `target` is None.
    """

    delimiter: str = ""
    target: Any = None


class _NoMarginError(Exception):
    """A sample has no margin; the message says why."""


def with_margin(sample: Mapping[str, Any], task: TaskFields, place: str) -> Mapping[str, Any]:
    """Return a sample that has an ``answer_margin``: as it was logged, else as its log-likelihoods have it.

    Raises `ComparisonError` with `place` and what is missing: options, their log-likelihoods, one right option.
    """
    if MARGIN in sample:
        return sample
    try:
        return {**sample, MARGIN: _margin(sample, task)}
    except _NoMarginError as error:
        raise ComparisonError(f"{place} has no {MARGIN}, and none can be computed: {error}.") from error


def option_count(sample: Mapping[str, Any]) -> int | None:
    """Return how many answers a logged sample offers; None where none are offered, or nothing is logged of them."""
    try:
        requests = _without_repetitions([_request(logged) for logged in _in_order(sample.get("arguments") or ())])
    except _NoMarginError:
        return None
    return len(requests) if len(requests) > 1 else None


def _margin(sample: Mapping[str, Any], task: TaskFields) -> float:
    requests = _requests(sample)
    texts = [continuation.removeprefix(task.delimiter).lstrip() for _, continuation in requests]
    if not all(texts):
        raise _NoMarginError("an option is empty")
    return margin(_likelihoods(sample)[: len(texts)], texts, _right(sample, texts, task))


def _requests(sample: Mapping[str, Any]) -> list[_Request]:
    """Return the requests of all options, without the repetitions that have no prompt (``acc_mutual_info``)."""
    requests = _without_repetitions([_request(logged) for logged in _in_order(sample.get("arguments") or ())])
    if len(requests) < 2:  # noqa: PLR2004
        raise _NoMarginError(f"{len(requests)} option(s) are logged, and it takes a right and a wrong one")
    if len({prompt for prompt, _ in requests}) > 1:
        raise _NoMarginError("the options are alternative prompts of one continuation")
    return requests


def _without_repetitions(requests: list[_Request]) -> list[_Request]:
    half = len(requests) // 2
    if not half or requests[half][0] != "":  # so it is with nearly every item, and all of them pass here
        return requests
    repeated = requests[half:] == [("", continuation) for _, continuation in requests[:half]]
    return requests[:half] if repeated else requests


def _in_order(logged: Mapping[str, Any] | Sequence[Any]) -> Sequence[Any]:
    """Return what stands under ``gen_args_0``, ``gen_args_1`` …, whatever order their names are written in."""
    if not isinstance(logged, Mapping | list | tuple):
        raise _NoMarginError("its arguments are not logged as lm-eval logs them")
    if not isinstance(logged, Mapping):
        return logged
    if tuple(logged) == _names(len(logged)):
        return list(logged.values())
    return [logged[name] for name in sorted(logged, key=lambda name: (len(name), name))]


@cache
def _names(count: int) -> tuple[str, ...]:
    """Return the names under which lm-eval logs so many requests, in the order in which it writes them."""
    return tuple(f"gen_args_{place}" for place in range(count))


def _request(logged: Any) -> _Request:
    # Each option of each item of a run passes here, and a `match` of mapping and sequence asks abstract classes.
    prompt = continuation = None
    if isinstance(logged, dict):
        prompt, continuation = logged.get("arg_0"), logged.get("arg_1")
    elif isinstance(logged, list | tuple) and len(logged) > 1:
        prompt, continuation = logged[0], logged[1]
    if isinstance(prompt, str) and isinstance(continuation, str):
        return prompt, continuation
    raise _NoMarginError("there are no options, as answers are generated or whole texts scored")


def _likelihoods(sample: Mapping[str, Any]) -> list[float]:
    try:
        answers = sample["filtered_resps"] if "filtered_resps" in sample else [each[0] for each in sample["resps"]]
        likelihoods = [float(likelihood) for likelihood, _ in answers]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise _NoMarginError("the options' log-likelihoods are not logged") from error
    options = len(sample["arguments"])
    if len(likelihoods) != options:
        raise _NoMarginError(f"{len(likelihoods)} log-likelihoods are logged of {options} options")
    return likelihoods


def _right(sample: Mapping[str, Any], texts: Sequence[str], task: TaskFields) -> int:
    """Return the right option's index.

    lm-eval logs the target as a text, be it an index or an option. A text of digits is an index, unless the document's
    field holds a text.
    """
    target = str(sample.get("target"))
    by_text = texts.index(target.lstrip()) if target.lstrip() in texts else None
    by_index = int(target) if target.isdecimal() and int(target) < len(texts) else None
    means_text = _target_is_text(sample.get("doc"), task.target)
    if means_text is None and None not in (by_text, by_index) and by_text != by_index:
        raise _NoMarginError(f"nothing says whether the target {target!r} is an option or an option's index")
    found = by_text if means_text or by_index is None else by_index
    if found is None:
        raise _NoMarginError(f"the target {target!r} does not name one option")
    return found


def _target_is_text(document: Any, declared: Any) -> bool | None:
    """Return whether a target is an option's text and not an index; None where it cannot be known."""
    if isinstance(declared, int) or (isinstance(declared, str) and "{{" in declared):
        return False  # lm-eval turns the digits that a template gives into an index
    if isinstance(document, Mapping) and isinstance(declared, str) and declared in document:
        return isinstance(document[declared], str)
    return None
