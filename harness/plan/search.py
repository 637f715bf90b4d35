"""The trials of an experiment's `tune` block: those that are declared, and those that follow from what was found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Any

from harness.plan.cells import PlannedCell
from harness.plan.content import Content
from harness.plan.identity import margin_key, trial_cell
from harness.records import ChosenValues, TrialPart
from harness.spec.numbers import has_next, times
from harness.spec.records import MARGIN, Experiment, Recipe, Search, Suite, Tune
from harness.spec.searched import declared_value, is_of_recipe, with_values

Values = Mapping[str, Any]
"""Fields of SFTConfig, or of a recipe by their path, and what they are set to."""

_WRITTEN = 2
"""Significant digits of a number that is added to a search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One combination of values for one recipe; what it was tried with and as what cell, and why."""

    recipe: str
    values: Values
    planned: PlannedCell
    part: TrialPart = "search"


def plan_trials(experiment: Experiment, content: Content) -> tuple[Trial, ...]:
    """Return every trial that is declared, recipe by recipe; none without a `tune` block."""
    tune = experiment.tune
    if tune is None:
        return ()
    return tuple(
        _trial(experiment, tune, (recipe, values), content)
        for recipe in searched(experiment, tune)
        for values in combinations(levels(tune.search, recipe, experiment))
    )


def widened(experiment: Experiment, choices: Sequence[ChosenValues], content: Content) -> tuple[Trial, ...]:
    """Return what is tried beyond the edges at which choices lie; none where none does, or `widen` is used up.

    The next number is as far from the edge, as a factor, as the edge is from its neighbour. Every combination with it
    is a trial. Fields that are not two positive numbers or more have no next one, nor has a recipe's size: what memory
    holds is settled before the first trial, by the largest that is declared.
    """
    tune = experiment.tune
    if tune is None or not tune.widen:
        return ()
    recipes = {recipe.id: recipe for recipe in experiment.recipes}
    return tuple(
        _trial(experiment, tune, (recipes[choice.recipe], values), content, part="widening")
        for choice in choices
        for values in _beyond(tune, choice)
    )


def confirming(experiment: Experiment, choices: Sequence[ChosenValues], content: Content) -> tuple[Trial, ...]:
    """Return the trials of each choice and its neighbours with the second seed; none where none is declared.

    A neighbour has the next number that was tried in one field, on either side, and is the choice in the others.
    """
    tune = experiment.tune
    if tune is None or tune.confirm_seed is None:
        return ()
    recipes = {recipe.id: recipe for recipe in experiment.recipes}
    again = replace(tune, seed=tune.confirm_seed)
    return tuple(
        _trial(experiment, again, (recipes[choice.recipe], values), content, part="confirmation")
        for choice in choices
        if choice.values is not None
        for values in (choice.values, *_neighbours(choice.values, choice))
    )


def expected_trials(experiment: Experiment, content: Content) -> tuple[tuple[Trial, ...], tuple[Trial, ...]]:
    """Return stand-ins, which take as long, for the trials of a search: those that there will be, and may be at most.

    A choice is expected to have a neighbour on either side. Beyond these are the trials that widening may add.
    """
    trials, tune = plan_trials(experiment, content), experiment.tune
    if tune is None:
        return (), ()
    firsts = {trial.recipe: trial for trial in reversed(trials)}.values()
    counts = [len(search.declared) for search in tune.search.values()]
    next_to = [has_next(search.declared) for search in tune.search.values()]
    wide = [can and not is_of_recipe(field) for field, can in zip(tune.search, next_to, strict=True)]
    again = 0 if tune.confirm_seed is None else 1 + 2 * sum(next_to)
    most = prod(count + tune.widen * can for count, can in zip(counts, wide, strict=True)) - prod(counts)
    confirmed = tuple(each for each in firsts for _ in range(again))
    return trials + confirmed, tuple(each for each in firsts for _ in range(most))


def margin_suite(experiment: Experiment) -> Suite | None:
    """Return as a suite the validation rows on which trials have a margin, None where the loss alone decides."""
    if experiment.decides_by in {None, "loss"}:
        return None
    rows = experiment.validation
    task = str((rows.data or experiment.data).task)
    return Suite(task=task, role="in_domain", metric=MARGIN, limit=rows.limit, num_fewshot=0)


def searched(experiment: Experiment, tune: Tune) -> list[Recipe]:
    """Return the recipes that a `tune` block searches for."""
    return [each for each in experiment.recipes if tune.recipes is None or each.id in tune.recipes]


def _trial(
    experiment: Experiment, tune: Tune, tried: tuple[Recipe, Values], content: Content, part: TrialPart = "search"
) -> Trial:
    return replace(trial_of(experiment, tried, content, seed=tune.seed, max_steps=tune.max_steps), part=part)


def trial_of(
    experiment: Experiment, tried: tuple[Recipe, Values], content: Content, *, seed: int, max_steps: int | None = None
) -> Trial:
    """Return the trial of a recipe with values, as long as a run unless `max_steps` says otherwise."""
    recipe, values = tried
    length = {} if max_steps is None else {"max_steps": max_steps}
    # A trial has its own number of steps; what another recipe spends is matched in the runs that count.
    trained = replace(with_values(recipe, {**values, **length}), compute=None)
    suite = margin_suite(experiment)
    scored = {} if suite is None else {margin_key(suite, experiment, content): suite}
    cell = trial_cell(experiment, trained, seed, content, list(scored))
    planned = PlannedCell(cell=cell, recipe=trained, suites=scored, split="validation")
    return Trial(recipe=recipe.id, values=values, planned=planned)


def levels(fields: Mapping[str, Search], recipe: Recipe, experiment: Experiment) -> dict[str, Sequence[Any]]:
    """Return the values that are declared for each field of a recipe, factors multiplied out."""
    trained_with = experiment.training_of(recipe)
    return {
        field: search.values
        or tuple(times(declared_value(recipe, trained_with, field), factor) for factor in search.factors or ())
        for field, search in fields.items()
    }


def combinations(fields: Mapping[str, Sequence[Any]]) -> Iterator[Values]:
    """Yield every combination of the values of several fields."""
    for values in product(*fields.values()):
        yield dict(zip(fields, values, strict=True))


def _tried(trials: Sequence[Values]) -> dict[str, list[Any]]:
    """Return the values that were tried for each field, in the order of trials."""
    return {field: list(dict.fromkeys(each[field] for each in trials)) for field in trials[0]}


def _beyond(tune: Tune, choice: ChosenValues) -> Iterator[Values]:
    """Yield the combinations with the number beyond each edge that the choice lies at."""
    tried = [each.values for each in choice.trials]
    fields = _tried(tried)
    for field in choice.at_edge:
        added = len(fields[field]) - len(tune.search[field].declared)
        if has_next(fields[field]) and not is_of_recipe(field) and added < tune.widen:
            fields[field] += _next((choice.values or {})[field], fields[field])
    yield from (values for values in combinations(fields) if values not in tried)


def _next(edge: float, tried: Sequence[float]) -> Iterator[float]:
    """Yield the number beyond an edge, as far from it as it is from its neighbour; none beyond the whole number 1."""
    ordered = sorted(tried)
    neighbour = ordered[1] if edge == ordered[0] else ordered[-2]
    further = edge * edge / neighbour
    written = round(further) if isinstance(edge, int) else float(f"{further:.{_WRITTEN}g}")
    if written > 0 and written not in tried:
        yield written


def _neighbours(chosen: Values, choice: ChosenValues) -> Iterator[Values]:
    for field, tried in _tried([each.values for each in choice.trials]).items():
        if has_next(tried):
            ordered = sorted(tried)
            at = ordered.index(chosen[field])
            yield from (
                {**chosen, field: other} for other in (*ordered[max(0, at - 1) : at], *ordered[at + 1 : at + 2])
            )


def tuned(experiment: Experiment, choices: Sequence[ChosenValues]) -> Experiment:
    """Return the experiment whose recipes train with what was chosen for them."""
    chosen = {each.recipe: each.values or {} for each in choices}
    recipes = tuple(with_values(each, chosen.get(each.id, {})) for each in experiment.recipes)
    return replace(experiment, recipes=recipes)
