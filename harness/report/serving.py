"""What a merged adapter changes: scores by the check, latency beside the base's and the unmerged adapter's."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import mean
from typing import Any

from harness.compare.times import results_of
from harness.ledger import Outcome
from harness.report.layout import prose, table
from harness.report.scores import NONE, spread
from harness.spec.records import Experiment

GUARD = "merged_scores_agree"
FORMS = ("base", "adapter", "merged")
Info = Mapping[str, Any]


def serving_table(experiment: Experiment, outcomes: Sequence[Outcome]) -> str:
    """Return the table of what the spec's `merge` asked for; empty where it asked for nothing."""
    infos = {
        each.id: [result.train_info for result in results_of(outcomes, each.id) if _measured(result.train_info)]
        for each in experiment.recipes
    }
    found = {recipe: measured for recipe, measured in infos.items() if measured}
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


def _measured(info: Info) -> bool:
    return "latency" in info or GUARD in info.get("guards", {})


def _check(infos: Sequence[Info]) -> str:
    guards = [info["guards"][GUARD] for info in infos if GUARD in info["guards"]]
    applied = [guard for guard in guards if guard["passed"] is not None]
    if not applied:
        return "cannot be merged" if guards else NONE
    largest = max(guard["largest_difference"] for guard in applied)
    word = "within" if all(guard["passed"] for guard in applied) else "exceeds"
    return f"{largest:.2g}\n({word} {applied[0]['tolerance']:g})"


def _latency(infos: Sequence[Info], form: str) -> str:
    timed = [info["latency"][form] for info in infos if form in info.get("latency", {})]
    if not timed:
        return NONE
    milliseconds = spread([1000 * each["forward_seconds"] for each in timed], digits=1)
    return f"{milliseconds}\n{mean(each['tokens_per_second'] for each in timed):.1f}"


def _reasons(infos: Sequence[Info]) -> Iterator[str]:
    for info in infos:
        reason = info["guards"].get(GUARD, {}).get("reason") or info.get("latency", {}).get("not_merged")
        if reason:
            yield f"not merged: {reason}"
