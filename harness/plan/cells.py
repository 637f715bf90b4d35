"""The cells of an experiment, in the order in which they run."""

from dataclasses import dataclass

from harness.plan.content import Content
from harness.plan.identity import base_cell, control_cell, control_key, evaluation_key, trained_cell
from harness.records import Cell
from harness.spec.records import Control, Experiment, Recipe, Split, Suite

MERGE_CHECK = "merged_scores_agree"
"""The measurement that a spec's ``merge.check`` asks for, by its name in a cell's result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCell:
    """A cell, the recipe that it trains (None for the base) and the suites that score it, by evaluation key.

    The base with examples before every item is that of a `control`. `split` is the one that the suites' tasks score.
    """

    cell: Cell
    recipe: Recipe | None
    suites: dict[str, Suite]
    control: Control | None = None
    split: Split = "test"


def plan_cells(experiment: Experiment, content: Content) -> tuple[PlannedCell, ...]:
    """Return the base, the controls and then every recipe seed by seed, so that an interrupted run holds whole pairs.

    A recipe that spends as much as another comes after those that settle it themselves. There are none where the search
    is all.
    """
    if experiment.searches_alone:
        return ()
    suites = {evaluation_key(suite, experiment, content): suite for suite in experiment.suites}
    base = PlannedCell(cell=base_cell(experiment, content), recipe=None, suites=suites)
    trained = (
        PlannedCell(cell=trained_cell(experiment, recipe, seed, content), recipe=recipe, suites=suites)
        for seed in experiment.seeds
        for recipe in sorted(experiment.recipes, key=lambda each: each.compute is not None)
    )
    return (base, *(_control(each, experiment, content) for each in experiment.controls), *trained)


def _control(control: Control, experiment: Experiment, content: Content) -> PlannedCell:
    suites = {control_key(each, experiment, content): each for each in control.suites(experiment.suites)}
    return PlannedCell(cell=control_cell(experiment, control, content), recipe=None, suites=suites, control=control)
