"""What was searched for and chosen: every recipe's trials, so that a reader sees the same budget for all."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.records import ChosenValues, TriedValues
from harness.report.document import Cell, Number, Table, Words

REMARK = 40
"""Characters for what is said of a trial."""


def search_table(tuning: Sequence[ChosenValues]) -> Iterator[Table]:
    """Yield the table of trials, or nothing where nothing was searched for; losses in nats a token."""
    if not tuning:
        return
    trials = sorted({len(each.trials) for each in tuning})
    yield Table(
        title=f"Search, {' or '.join(map(str, trials))} trials a recipe; validation loss in nats a token",
        headers=("recipe", "tried", "loss", ""),
        rows=tuple(
            (each.recipe if place == 0 else "", _values(trial.values), _loss(trial), _remark(each, trial))
            for each in tuning
            for place, trial in enumerate(each.trials)
        ),
    )


def _values(values: Mapping[str, Any]) -> Cell:
    written = {field: f"{value:.3g}" if isinstance(value, float) else value for field, value in values.items()}
    return tuple(f"{field}={value}" for field, value in written.items())


def _loss(trial: TriedValues) -> Cell:
    loss = trial.validation_loss
    return "failed" if loss is None else Number(value=loss, form="{:.4f}", unit="nats a token")


def _remark(choice: ChosenValues, trial: TriedValues) -> Cell:
    if trial.failure:
        return Words(trial.failure, REMARK)
    if trial.values != choice.values:
        return ""
    edge = choice.at_edge
    beyond = f"; {' and '.join(edge)} at the edge of the search: the best may lie beyond" if edge else ""
    return Words(f"chosen{beyond}", REMARK)
