"""What was searched for and chosen: every recipe's trials, so that a reader sees the same budget for all."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.records import ChosenValues, TriedValues
from harness.report.document import Cell, Number, Table, Words

REMARK = 40
"""Characters for what is said of a trial."""

_WIDENED = (
    "beyond the edge: tried because the choice lay at the edge until then. The rule is the same for every recipe, the "
    "number of its trials is not"
)
_CONFIRMED = (
    "seed {seed}: the choice by the trials before and its neighbours, once more; the mean of both seeds decides among "
    "them"
)


def search_table(tuning: Sequence[ChosenValues]) -> Iterator[Table]:
    """Yield the table of trials, or nothing where nothing was searched for.

    Losses are in nats a token, margins, where any were taken, in bits a byte.
    """
    if not tuning:
        return
    counts = sorted({len(each.trials) for each in tuning})
    trials = [trial for each in tuning for trial in each.trials]
    margins = any(each.margin is not None for each in trials)
    taken = " and answer margin in bits a byte" if margins else ""
    yield Table(
        title=f"Search, {' or '.join(map(str, counts))} trials a recipe; validation loss in nats a token{taken}",
        headers=("recipe", "tried", "loss", *(["margin"] if margins else []), ""),
        rows=tuple(
            (
                _recipe(each, place, counts),
                _values(trial.values),
                _loss(trial.validation_loss),
                *([_margin(trial.margin)] if margins else []),
                _remark(each, trial),
            )
            for each in tuning
            for place, trial in enumerate(each.trials)
        ),
        notes=tuple(_notes(trials)),
    )


def choices_table(tuning: Sequence[ChosenValues]) -> Table:
    """Return a row a recipe: what it chose, by what, after how many trials, and what makes the choice doubtful."""
    return Table(
        title="Chosen; validation loss in nats a token, answer margin in bits a byte, means over the seeds tried",
        headers=("recipe", "chosen", "loss", "margin", "trials", ""),
        rows=tuple(
            (
                each.recipe,
                "its own: every trial failed" if each.values is None else _values(each.values),
                None if each.validation_loss is None else _loss(each.validation_loss),
                _margin(each.margin),
                str(len(each.trials)),
                Words("; ".join([*_doubts(each)]), REMARK),
            )
            for each in tuning
        ),
    )


def _recipe(choice: ChosenValues, place: int, counts: Sequence[int]) -> Cell:
    if place > 0:
        return ""
    return choice.recipe if len(counts) == 1 else (choice.recipe, f"{len(choice.trials)} trials")


def _values(values: Mapping[str, Any]) -> Cell:
    written = {field: f"{value:.3g}" if isinstance(value, float) else value for field, value in values.items()}
    return tuple(f"{field}={value}" for field, value in written.items())


def _loss(loss: float | None) -> Cell:
    return "failed" if loss is None else Number(value=loss, form="{:.4f}", unit="nats a token")


def _margin(margin: float | None) -> Cell:
    return None if margin is None else Number(value=margin, form="{:+.3f}", unit="bits a byte")


def _remark(choice: ChosenValues, trial: TriedValues) -> Cell:
    said = [*_part(trial)]
    if trial.failure:
        said.append(trial.failure)
    elif trial is _deciding(choice):
        said.append(_chosen(choice, trial))
    return Words("; ".join(said), REMARK) if said else ""


def _part(trial: TriedValues) -> Iterator[str]:
    if trial.part == "widening":
        yield "beyond the edge"
    elif trial.part == "confirmation":
        yield f"seed {trial.seed}"


def _deciding(choice: ChosenValues) -> TriedValues | None:
    """Return the last trial of what was chosen, beside which the choice is marked."""
    return next((each for each in reversed(choice.trials) if each.values == choice.values), None)


def _chosen(choice: ChosenValues, trial: TriedValues) -> str:
    margin = "" if choice.margin is None else f" and {choice.margin:+.3f}"
    both = f", {choice.validation_loss:.4f}{margin} with both seeds" if trial.part == "confirmation" else ""
    return "; ".join([f"chosen{both}", *_doubts(choice)])


def _doubts(choice: ChosenValues) -> Iterator[str]:
    if choice.behind is not None and choice.behind[0]:
        less, error = choice.behind
        yield f"margin {less:.3f} ± {error:.3f} (one standard error) behind the greatest"
    if choice.at_edge:
        yield f"{' and '.join(choice.at_edge)} at the edge of the search: the best may lie beyond"


def _notes(trials: Sequence[TriedValues]) -> Iterator[str]:
    if any(each.part == "widening" for each in trials):
        yield _WIDENED
    confirmed = next((each for each in trials if each.part == "confirmation"), None)
    if confirmed is not None:
        yield _CONFIRMED.format(seed=confirmed.seed)
