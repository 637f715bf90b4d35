"""What was searched for and chosen: every recipe's trials, so that a reader sees the same budget for all."""

from collections.abc import Mapping, Sequence
from typing import Any

from harness.report.layout import cell, table

REMARK = 40
"""Columns for what is said of a trial."""


def tuning_table(tuning: Sequence[Mapping[str, Any]]) -> str:
    """Return the table of trials, or nothing where nothing was searched for; losses in nats a token."""
    if not tuning:
        return ""
    rows = [
        [each["recipe"] if place == 0 else "", _values(trial["values"]), _loss(trial), _remark(each, trial)]
        for each in tuning
        for place, trial in enumerate(each["trials"])
    ]
    trials = sorted({len(each["trials"]) for each in tuning})
    title = f"Search, {' or '.join(map(str, trials))} trials a recipe; validation loss in nats a token"
    return f"{title}\n{table(rows, ['recipe', 'tried', 'loss', ''])}"


def _values(values: Mapping[str, Any]) -> str:
    written = {field: f"{value:.3g}" if isinstance(value, float) else value for field, value in values.items()}
    return "\n".join(f"{field}={value}" for field, value in written.items())


def _loss(trial: Mapping[str, Any]) -> str:
    loss = trial["validation_loss"]
    return "failed" if loss is None else f"{loss:.4f}"


def _remark(choice: Mapping[str, Any], trial: Mapping[str, Any]) -> str:
    if trial["failure"]:
        return cell(str(trial["failure"]), REMARK)
    if trial["values"] != choice["values"]:
        return ""
    edge = choice["at_edge"]
    beyond = f"; {' and '.join(edge)} at the edge of the search: the best may lie beyond" if edge else ""
    return cell(f"chosen{beyond}", REMARK)
