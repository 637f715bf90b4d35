"""The cells of an experiment, in the order in which they run."""

from collections.abc import Iterator
from dataclasses import dataclass

from harness.plan.content import Content
from harness.plan.identity import (
    base_cell,
    control_cell,
    control_key,
    evaluation_key,
    existing_cell,
    trained_cell,
)
from harness.records import Cell
from harness.spec.existing import Weights, WeightsKind
from harness.spec.records import Control, Experiment, Recipe, Split, Suite

MERGE_CHECK = "merged_scores_agree"
"""The measurement that a spec's ``merge.check`` asks for, by its name in a cell's result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """A model that was trained elsewhere, in the place of a training."""

    kind: WeightsKind
    weights: Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCell:
    """A cell, the recipe that it trains (None for the base) and the suites that score it, by evaluation key.

    The base with examples before every item is that of a `control`. What was trained elsewhere is `existing`, and has
    no recipe. `split` is the one that the suites' tasks score.
    """

    cell: Cell
    recipe: Recipe | None
    suites: dict[str, Suite]
    control: Control | None = None
    split: Split = "test"
    existing: Existing | None = None

    @property
    def is_adapted(self) -> bool:
        """Whether it scores something else than the untuned base."""
        return self.recipe is not None or self.existing is not None


def plan_cells(experiment: Experiment, content: Content) -> tuple[PlannedCell, ...]:
    """Return the base, the controls and then every arm seed by seed, so that an interrupted run holds whole pairs.

    A recipe that spends as much as another comes after those that settle it themselves. There are none where the search
    is all.
    """
    if experiment.searches_alone:
        return ()
    suites = {evaluation_key(suite, experiment, content): suite for suite in experiment.suites}
    base = PlannedCell(cell=base_cell(experiment, content), recipe=None, suites=suites)
    adapted = (
        each
        for seed in experiment.seeds
        for each in (*_trained(experiment, seed, suites, content), *_existing(experiment, seed, suites, content))
    )
    return (base, *(_control(each, experiment, content) for each in experiment.controls), *adapted)


def _trained(experiment: Experiment, seed: int, suites: dict[str, Suite], content: Content) -> Iterator[PlannedCell]:
    for recipe in sorted(experiment.recipes, key=lambda each: each.compute is not None):
        yield PlannedCell(cell=trained_cell(experiment, recipe, seed, content), recipe=recipe, suites=suites)


def _existing(experiment: Experiment, seed: int, suites: dict[str, Suite], content: Content) -> Iterator[PlannedCell]:
    for arm in experiment.arms:
        weights = arm.by_seed(experiment.seeds)[seed]
        yield PlannedCell(
            cell=existing_cell(experiment, arm, weights, seed, content),
            recipe=None,
            suites=suites,
            existing=Existing(kind=arm.kind, weights=weights),
        )


def _control(control: Control, experiment: Experiment, content: Content) -> PlannedCell:
    suites = {control_key(each, experiment, content): each for each in control.suites(experiment.suites)}
    return PlannedCell(cell=control_cell(experiment, control, content), recipe=None, suites=suites, control=control)
