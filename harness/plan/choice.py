"""What the trials of a search choose."""

from collections.abc import Sequence
from typing import Any

from harness.plan.search import Trial, Values
from harness.records import CellFailure, CellResult, ChosenValues, TriedValues
from harness.spec.numbers import is_number


def choose(trials: Sequence[Trial], outcomes: Sequence[CellResult | CellFailure]) -> tuple[ChosenValues, ...]:
    """Return for each recipe the values with the least validation loss; of equal ones the first.

    Where some values were trained with a second seed, one of these is chosen, by the mean of both. A trial that failed,
    with either seed, is worse than all that ended.
    """
    tried = [(trial.recipe, _tried(trial, outcome)) for trial, outcome in zip(trials, outcomes, strict=True)]
    recipes = dict.fromkeys(trial.recipe for trial in trials)
    return tuple(_choice(name, tuple(one for recipe, one in tried if recipe == name)) for name in recipes)


def _tried(trial: Trial, outcome: CellResult | CellFailure) -> TriedValues:
    cell = outcome.cell
    if isinstance(outcome, CellFailure):
        loss, seconds, failure = None, None, f"{outcome.kind}: {outcome.message}"
    else:
        loss, seconds, failure = outcome.training.validation_loss, outcome.costs.total_seconds, ""
    return TriedValues(
        values=trial.values,
        cell=cell.id,
        validation_loss=loss,
        seconds=seconds,
        failure=failure,
        part=trial.part,
        seed=cell.seed,
    )


def _choice(recipe: str, trials: tuple[TriedValues, ...]) -> ChosenValues:
    candidates = _candidates(trials)
    if not candidates:
        return ChosenValues(recipe=recipe, values=None, trials=trials)
    best = min(candidates, key=_loss)
    values = best[0].values
    edge = tuple(field for field, value in values.items() if _at_edge(value, [each.values[field] for each in trials]))
    return ChosenValues(recipe=recipe, values=values, trials=trials, at_edge=edge, validation_loss=_loss(best))


def _candidates(trials: Sequence[TriedValues]) -> list[list[TriedValues]]:
    """Return the trials of each combination that may be chosen: tried with as many seeds as any, none failed."""
    by_values: dict[tuple[tuple[str, Any], ...], list[TriedValues]] = {}
    for each in trials:
        by_values.setdefault(_key(each.values), []).append(each)
    most = max(map(len, by_values.values()))
    return [
        each
        for each in by_values.values()
        if len(each) == most and all(trial.validation_loss is not None for trial in each)
    ]


def _loss(trials: Sequence[TriedValues]) -> float:
    """Return the mean validation loss of a combination over its seeds."""
    return sum(each.validation_loss or 0.0 for each in trials) / len(trials)


def _key(values: Values) -> tuple[tuple[str, Any], ...]:
    return tuple(values.items())


def _at_edge(value: Any, tried: Sequence[Any]) -> bool:
    numbers = [each for each in tried if is_number(each)]
    return len(set(numbers)) > 1 and value in (min(numbers), max(numbers))
