"""The trials of an experiment's `tune` block, and what they choose."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from harness.plan.cells import PlannedCell
from harness.plan.content import Content
from harness.plan.identity import trial_cell
from harness.records import CellFailure, CellResult, ChosenValues, TriedValues
from harness.spec.records import Experiment, Recipe, Tune

Values = Mapping[str, Any]
"""SFTConfig fields and what they are set to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One combination of SFTConfig values for one recipe; what it was tried with and as what cell."""

    recipe: str
    values: Values
    planned: PlannedCell


def plan_trials(experiment: Experiment, content: Content) -> tuple[Trial, ...]:
    """Return every trial, recipe by recipe; none without a `tune` block."""
    tune = experiment.tune
    if tune is None:
        return ()
    searched = [each for each in experiment.recipes if tune.recipes is None or each.id in tune.recipes]
    return tuple(
        _trial(experiment, tune, recipe, values, content)
        for recipe in searched
        for values in _combinations(tune, experiment.training_of(recipe))
    )


def _trial(experiment: Experiment, tune: Tune, recipe: Recipe, values: Values, content: Content) -> Trial:
    length = {} if tune.max_steps is None else {"max_steps": tune.max_steps}
    # A trial has its own number of steps; what another recipe spends is matched in the runs that count.
    tried = replace(recipe, training={**recipe.training, **values, **length}, compute=None)
    cell = trial_cell(experiment, tried, tune.seed, content)
    return Trial(recipe=recipe.id, values=values, planned=PlannedCell(cell=cell, recipe=tried, suites={}))


def _combinations(tune: Tune, trained_with: Mapping[str, Any]) -> Iterator[Values]:
    lists = [
        search.values or tuple(_times(trained_with[field], factor) for factor in search.factors or ())
        for field, search in tune.search.items()
    ]
    for values in product(*lists):
        yield dict(zip(tune.search, values, strict=True))


def _times(value: float, factor: float) -> float:
    """Return the product as a person writes it: whole for whole numbers, 0.00015 for 5e-05 × 3 and not 0.00015…01."""
    return round(value * factor) if isinstance(value, int) else float(f"{value * factor:.12g}")


def choose(trials: Sequence[Trial], outcomes: Sequence[CellResult | CellFailure]) -> tuple[ChosenValues, ...]:
    """Return for each recipe the values with the least validation loss; of equal ones the first."""
    tried = [(trial.recipe, _tried(trial, outcome)) for trial, outcome in zip(trials, outcomes, strict=True)]
    recipes = dict.fromkeys(trial.recipe for trial in trials)
    return tuple(_choice(name, tuple(one for recipe, one in tried if recipe == name)) for name in recipes)


def _tried(trial: Trial, outcome: CellResult | CellFailure) -> TriedValues:
    if isinstance(outcome, CellFailure):
        failure = f"{outcome.kind}: {outcome.message}"
        return TriedValues(values=trial.values, cell=outcome.cell.id, validation_loss=None, failure=failure)
    return TriedValues(
        values=trial.values,
        cell=outcome.cell.id,
        validation_loss=outcome.training.validation_loss,
        seconds=outcome.costs.total_seconds,
    )


def _choice(recipe: str, trials: tuple[TriedValues, ...]) -> ChosenValues:
    ended = [(each.validation_loss, place) for place, each in enumerate(trials) if each.validation_loss is not None]
    if not ended:
        return ChosenValues(recipe=recipe, values=None, trials=trials)
    values = trials[min(ended)[1]].values
    edge = tuple(field for field, value in values.items() if _at_edge(value, [each.values[field] for each in trials]))
    return ChosenValues(recipe=recipe, values=values, trials=trials, at_edge=edge)


def _at_edge(value: Any, tried: Sequence[Any]) -> bool:
    numbers = [each for each in tried if isinstance(each, int | float) and not isinstance(each, bool)]
    return len(set(numbers)) > 1 and value in (min(numbers), max(numbers))


def tuned(experiment: Experiment, choices: Sequence[ChosenValues]) -> Experiment:
    """Return the experiment whose recipes train with what was chosen for them."""
    chosen = {each.recipe: each.values or {} for each in choices}
    recipes = tuple(replace(each, training={**each.training, **chosen.get(each.id, {})}) for each in experiment.recipes)
    return replace(experiment, recipes=recipes)
