"""A search in phases: arms scanned for a few steps, the best in full, moves around the winner, a factorial.

It is the recipe search of arXiv 2604.15351, section 3.5; the gradient probe with which that begins is each arm's own,
whose `layers` are chosen by gradient, and is measured once for all that ask the same. One phase's trials have all ended
before the next one's are known.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from harness.plan.choice import Ended, ranked
from harness.plan.content import Content
from harness.plan.search import Trial, Values, levels, trial_of
from harness.records import (
    Cell,
    CellFailure,
    CellResult,
    FoundRecipe,
    PhaseEntry,
    PhaseName,
    PhaseTrial,
    SearchPhase,
)
from harness.spec.records import Experiment, Move, Recipe, RecipeSearch
from harness.spec.searched import with_values

FOUND = "-found"
"""What is appended to an arm's name where what was found differs from it."""


PHASES: Mapping[PhaseName, str] = {
    "scan": "quick scan",
    "full": "full runs",
    "push": "pushes",
    "factorial": "factorial",
}
"""What tables call a phase."""


@dataclass(frozen=True, slots=True)
class Idea:
    """An arm, with values laid over it."""

    arm: str
    values: Values = field(default_factory=dict)


def phases_of(search: RecipeSearch) -> tuple[PhaseName, ...]:
    """Return the phases that a search has, in order."""
    found: list[PhaseName] = ["scan", "full"]
    found += ["push"] if search.push else []
    found += ["factorial"] if search.factorial else []
    return tuple(found)


def trials_of(
    phase: PhaseName, experiment: Experiment, content: Content, kept: Sequence[Idea] = ()
) -> tuple[Trial, ...]:
    """Return the trials of a phase, where `kept` is what the one before left, the best first.

    What would be trained twice is there once. From the pushes on the winner is among what it is held against.
    """
    search = _search(experiment)
    trials = [
        trial_of(
            experiment,
            (_arms(experiment)[idea.arm], idea.values),
            content,
            seed=seed,
            max_steps=search.scan.max_steps if phase == "scan" else None,
        )
        for idea in _ideas(phase, experiment, search, kept)
        for seed in _seeds(phase, search)
    ]
    once: dict[str, Trial] = {}
    for each in trials:
        once.setdefault(each.planned.cell.id, each)
    return tuple(once.values())


def kept_after(phase: PhaseName, experiment: Experiment, ended: Sequence[Ended]) -> tuple[Idea, ...]:
    """Return what goes on after a phase, the best first; nothing where all of it failed."""
    search = _search(experiment)
    best = [Idea(each.trials[0].trial.recipe, each.trials[0].trial.values) for each in ranked(ended, search.metric)]
    return tuple(best[: search.scan.keep if phase == "scan" else 1])


def told(phase: PhaseName, ended: Sequence[Ended], kept: Sequence[Idea]) -> SearchPhase:
    """Return a phase as the lock file and the report have it."""
    by_idea: dict[str, list[Ended]] = {}
    for each in ended:
        by_idea.setdefault(repr((each.trial.recipe, each.trial.values)), []).append(each)
    return SearchPhase(name=phase, entries=tuple(_entry(trials, kept) for trials in by_idea.values()))


def found_recipe(experiment: Experiment, winner: Idea, phases: Sequence[SearchPhase]) -> FoundRecipe:
    """Return what a search comes to whose last phase left the `winner`."""
    recipe = _named(experiment, winner)
    return FoundRecipe(arm=winner.arm, values=winner.values, recipe=recipe.id, phases=tuple(phases))


def confirmed(experiment: Experiment, found: FoundRecipe) -> Experiment:
    """Return the experiment that is left: what was found in the place of all arms, beside the baseline."""
    arms = experiment.comparison.candidates
    others = tuple(each for each in experiment.recipes if each.id not in arms)
    comparison = replace(experiment.comparison, candidates=(found.recipe,))
    recipe = _named(experiment, Idea(found.arm, found.values))
    return replace(experiment, recipes=(*others, recipe), comparison=comparison, factors=None)


def expected(experiment: Experiment) -> Experiment:
    """Return what a plan takes for what will be left: the first arm in the place of what will be found."""
    if experiment.search is None:
        return experiment
    return confirmed(experiment, found_recipe(experiment, Idea(experiment.comparison.candidates[0]), ()))


def expected_in_phases(experiment: Experiment, content: Content) -> tuple[Trial, ...]:
    """Return the trials of the scan, and for later phases stand-ins: the first arm as often as there will be trials.

    They go by the name of their phase, since what they will train is not known.
    """
    search = experiment.search
    if search is None:
        return ()
    scan = trials_of("scan", experiment, content)
    kept = [Idea(name) for name in experiment.comparison.candidates[: search.scan.keep]]
    found = list(scan)
    for phase in phases_of(search)[1:]:
        trials = trials_of(phase, experiment, content, kept)
        # The winner's full run is there already when it is pushed.
        new = [each for each in trials if phase != "push" or each.values]
        planned = [replace(each.planned, cell=_stand_in(phase, each.planned.cell)) for each in new]
        found += [replace(trials[0], planned=replace(each, recipe=trials[0].planned.recipe)) for each in planned]
        kept = kept[:1]
    return tuple(found)


def reachable(experiment: Experiment, only: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Iterator[Recipe]:
    """Yield every arm as pushes and then the factorial may change it, as far as the fields that `only` leaves go."""
    search = experiment.search
    if search is None:
        return
    pushes = [only(move) for move in search.push]
    cross = [] if search.factorial is None else [only(move) for move in search.factorial.cross]
    for arm in map(Idea, experiment.comparison.candidates):
        pushed = [arm, *(each for move in pushes if move for each in _moved(experiment, arm, move))]
        crossed = [each for one in pushed for each in _crossed(experiment, one, [move for move in cross if move])]
        recipes = [_recipe(experiment, each) for each in (arm, *pushed, *crossed)]
        once = {repr(each): each for each in reversed(recipes)}
        yield from (each for each in once.values() if each != recipes[0])


def _search(experiment: Experiment) -> RecipeSearch:
    assert experiment.search is not None
    return experiment.search


def _arms(experiment: Experiment) -> dict[str, Recipe]:
    return {each.id: each for each in experiment.recipes}


def _recipe(experiment: Experiment, idea: Idea) -> Recipe:
    return with_values(_arms(experiment)[idea.arm], idea.values)


def _named(experiment: Experiment, idea: Idea) -> Recipe:
    """Return the recipe of an idea, under a name of its own where it is not the arm as declared."""
    recipe = _recipe(experiment, idea)
    if recipe == _arms(experiment)[idea.arm]:
        return recipe
    says = ", ".join(f"{name}={value}" for name, value in idea.values.items())
    return replace(recipe, name=f"{recipe.name}{FOUND}", description=f"Found by a search: {idea.arm} with {says}.")


def _seeds(phase: PhaseName, search: RecipeSearch) -> tuple[int, ...]:
    return search.factorial.seeds if phase == "factorial" and search.factorial else (search.seed,)


def _ideas(phase: PhaseName, experiment: Experiment, search: RecipeSearch, kept: Sequence[Idea]) -> Iterator[Idea]:
    if phase == "scan":
        yield from map(Idea, experiment.comparison.candidates)
    elif phase == "full":
        yield from kept
    elif phase == "push":
        yield kept[0]
        for move in search.push:
            yield from _moved(experiment, kept[0], move)
    elif search.factorial is not None:
        yield kept[0]
        yield from _crossed(experiment, kept[0], search.factorial.cross)


def _moved(experiment: Experiment, idea: Idea, move: Move) -> Iterator[Idea]:
    """Yield an idea with each level of a move."""
    by_field = levels(move, _recipe(experiment, idea), experiment)
    for level in zip(*by_field.values(), strict=True):
        yield Idea(idea.arm, {**idea.values, **dict(zip(by_field, level, strict=True))})


def _crossed(experiment: Experiment, idea: Idea, moves: Sequence[Move]) -> Iterator[Idea]:
    """Yield an idea with every combination of the moves' levels, each counted from the idea itself."""
    for combination in product(*([*_moved(experiment, idea, move)] for move in moves)):
        moved = [{name: each.values[name] for name in move} for each, move in zip(combination, moves, strict=True)]
        yield Idea(idea.arm, {**idea.values, **{name: value for each in moved for name, value in each.items()}})


def _stand_in(phase: PhaseName, cell: Cell) -> Cell:
    return replace(cell, id=phase, recipe=PHASES[phase])


def _entry(ended: Sequence[Ended], kept: Sequence[Idea]) -> PhaseEntry:
    trials, first = tuple(map(_told_trial, ended)), ended[0].trial
    whole = all(each.validation_loss is not None for each in trials)
    margins = [each.margin for each in trials if each.margin is not None]
    return PhaseEntry(
        arm=first.recipe,
        values=first.values,
        trials=trials,
        loss=sum(each.validation_loss or 0.0 for each in trials) / len(trials) if whole else None,
        margin=sum(margins) / len(trials) if whole and margins else None,
        kept=Idea(first.recipe, first.values) in kept,
    )


def _told_trial(ended: Ended) -> PhaseTrial:
    outcome, seed = ended.outcome, int(ended.outcome.cell.seed or 0)
    if isinstance(outcome, CellFailure):
        return PhaseTrial(cell=outcome.cell.id, seed=seed, failure=f"{outcome.kind}: {outcome.message}")
    assert isinstance(outcome, CellResult)
    training = outcome.training
    # What another trial had probed cost nothing again.
    probed = sum(each.seconds for each in training.probes if not each.shared)
    return PhaseTrial(
        cell=outcome.cell.id,
        seed=seed,
        steps=training.steps,
        validation_loss=training.validation_loss,
        margin=None if ended.margins is None else float(ended.margins.values.mean()),
        probe_seconds=probed,
        train_seconds=training.train_time + probed,
        seconds=outcome.costs.total_seconds,
    )
