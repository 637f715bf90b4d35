"""What a merged adapter changes: scores by the check, latency beside the base's and the unmerged adapter's."""

from collections.abc import Iterator, Sequence
from statistics import mean

from harness.compare.times import results_of
from harness.ledger import Outcome
from harness.records import CellResult
from harness.report.layout import prose, table
from harness.report.scores import NONE, spread
from harness.spec.records import Experiment

GUARD = "merged_scores_agree"
FORMS = ("base", "adapter", "merged")


def serving_table(experiment: Experiment, outcomes: Sequence[Outcome]) -> str:
    """Return the table of what the spec's `merge` asked for; empty where it asked for nothing."""
    results = {
        each.id: [result for result in results_of(outcomes, each.id) if _measured(result)]
        for each in experiment.recipes
    }
    found = {recipe: measured for recipe, measured in results.items() if measured}
    if not found:
        return ""
    headers = ["recipe", "largest change of\nan item by merging"]
    headers += [f"{form}\nms a prompt\ntokens/s" for form in FORMS]
    rows = [
        [recipe, _check(measured), *(_latency(measured, form) for form in FORMS)] for recipe, measured in found.items()
    ]
    title = "Serving at batch 1: one pass over 128 tokens, and 32 tokens generated greedily after them"
    notes = list(dict.fromkeys(note for measured in found.values() for note in _reasons(measured)))
    return "\n".join([title, table(rows, headers), *map(prose, notes)])


def _measured(result: CellResult) -> bool:
    return result.latency is not None or GUARD in result.measurements


def _check(results: Sequence[CellResult]) -> str:
    checks = [result.measurements[GUARD] for result in results if GUARD in result.measurements]
    applied = [check for check in checks if check.passed is not None]
    if not applied:
        return "cannot be merged" if checks else NONE
    largest = max(check.details["largest_difference"] for check in applied)
    word = "within" if all(check.passed for check in applied) else "exceeds"
    return f"{largest:.2g}\n({word} {applied[0].details['tolerance']:g})"


def _latency(results: Sequence[CellResult], form: str) -> str:
    timed = [each for result in results if (each := getattr(result.latency, form, None)) is not None]
    if not timed:
        return NONE
    milliseconds = spread([1000 * each.forward_seconds for each in timed], digits=1)
    return f"{milliseconds}\n{mean(each.tokens_per_second for each in timed):.1f}"


def _reasons(results: Sequence[CellResult]) -> Iterator[str]:
    for result in results:
        check, latency = result.measurements.get(GUARD), result.latency
        reason = (check and check.details.get("reason")) or (latency and latency.not_merged)
        if reason:
            yield f"not merged: {reason}"
