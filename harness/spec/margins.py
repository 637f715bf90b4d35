"""Smallest effects of interest: which suites need one of their own, and which need a reason for it.

Two points of accuracy mean much the same everywhere. An amount of another score (bits a byte, a margin, ROUGE) says
nothing by itself, so the spec says beside it why a smaller difference would not matter.
"""

from collections.abc import Iterator
from typing import Any

from harness.declarations.metrics import metric
from harness.errors import Problem
from harness.spec.document import Located
from harness.spec.document import Path as At

_EXAMPLE = '"sesoi_reason": "a tenth of what full fine-tuning gains over the base"'


def margin_problems(document: Located) -> Iterator[Problem]:
    """Yield what is missing of `sesoi` and `sesoi_reason` in a document's `comparison` and `suites`, both sound."""
    comparison, suites = document.value["comparison"], document.value["suites"]
    shared = [suite for suite in suites if suite.get("sesoi") is None]
    primary = [suite["metric"] for suite in suites if suite["role"] != "guard"]
    used = [suite["metric"] for suite in shared if suite["role"] != "guard" or _alike(suite["metric"], primary)]
    yield from _unreasoned(document, ("comparison",), comparison, used)
    for index, suite in enumerate(suites):
        if suite.get("sesoi") is not None:
            yield from _unreasoned(document, ("suites", index), suite, [suite["metric"]])
        elif suite["role"] == "guard" and not _alike(suite["metric"], primary):
            yield _of_another_unit(document, ("suites", index), suite, comparison["sesoi"], primary)


def _alike(name: str, primary: list[str]) -> bool:
    """Tell whether an amount of the primary metric says as much of this one: the same metric, or both are shares."""
    return name in primary or not primary or (_natural(name) and all(map(_natural, primary)))


def _natural(name: str) -> bool:
    return metric(name).sesoi is not None


def _unreasoned(document: Located, at: At, block: Any, metrics: list[str]) -> Iterator[Problem]:
    without = [name for name in dict.fromkeys(metrics) if not _natural(name)]
    if not without:
        return
    if block.get("sesoi_reason") is None:
        message = (
            f"`sesoi_reason` is missing: {', '.join(without)} has no natural margin that {block['sesoi']} would be"
        )
        yield document.problem((*at, "sesoi"), message, f"Say why a smaller difference would not matter: {_EXAMPLE}.")
    elif _stale(document, at):
        written = document.place((*at, "sesoi_reason")).file
        message = f"`sesoi` is given here and its `sesoi_reason` in {written}, for another value"
        yield document.problem((*at, "sesoi"), message, f"Give {block['sesoi']} a reason beside it: {_EXAMPLE}.")


def _stale(document: Located, at: At) -> bool:
    """Tell whether the amount was given anew, in an heir or by an option, and the reason was not."""
    amount, reason = document.place((*at, "sesoi")), document.place((*at, "sesoi_reason"))
    if amount.file == reason.file or reason.line is None:
        return False
    return amount.line is None or reason.file != document.place(at).file


def _of_another_unit(document: Located, at: At, suite: Any, given: float, primary: list[str]) -> Problem:
    known = metric(suite["metric"])
    message = f"`sesoi` is missing: the comparison's {given} is an amount of {primary[0]}, not of {suite['metric']}"
    wanted = f'"sesoi": {known.sesoi}' if known.sesoi else f'"sesoi" in {known.unit or "its unit"}, and {_EXAMPLE}'
    return document.problem(at, message, f"Give the guard its own: {wanted}.")
