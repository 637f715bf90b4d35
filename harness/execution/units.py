"""What a worker is told of a cell: its own recipe alone, what that is to match, and the place that it has."""

from dataclasses import replace

from harness.errors import RecipeError
from harness.execution.devices import all_accelerators, device_of_cells
from harness.execution.standing import Standing, attempts
from harness.execution.unit import CellWork, ReferenceBudget, UnitKind, WorkUnit
from harness.ledger.run import Kind
from harness.plan.batch import examples_a_step
from harness.plan.cells import PlannedCell
from harness.records import Cell, CellResult

_UNITS: dict[Kind, UnitKind] = {"cells": "cell", "trials": "trial"}


def unit_of(cells: Standing, planned: PlannedCell, *, after: Cell | None, workers: int, place: int) -> WorkUnit:
    """Return the unit of a cell that runs as one of so many `workers`; each place has an accelerator of its own.

    `after` is the cell whose recipe it is to spend as much as. Raises `RecipeError` where that one has no result.
    """
    experiment, prepared = cells.experiment, cells.prepared
    folder = cells.run.cell_folder(planned.cell, cells.kind)
    recipes = () if planned.recipe is None else (planned.recipe,)
    later = () if planned.is_adapted else [each for each in experiment.recipes if not each.merges_first]
    work = CellWork(
        experiment=replace(experiment, recipes=recipes),
        planned=planned,
        folder=folder.absolute(),
        device=prepared.device,
        content=prepared.content,
        versions=prepared.versions,
        budget=None if after is None else _spent_by(after, cells, planned),
        workers=workers,
        rows_at_once=prepared.fit.rows_at_once,
        layers=tuple(tuple(part.trained.layers for part in recipe.parts) for recipe in later),
    )
    return WorkUnit(
        id=planned.cell.id,
        kind=_UNITS[cells.kind],
        attempt=attempts(folder) + 1,
        after=() if after is None else (after.id,),
        log=cells.run.log.absolute(),
        device=device_of_cells(experiment, prepared, place),
        threads=prepared.threads,
        environment=all_accelerators(experiment, prepared),
        cell=work,
    )


def _spent_by(other: Cell, cells: Standing, planned: PlannedCell) -> ReferenceBudget:
    """Return what the recipe of `compute` spent with the same seed."""
    outcome = cells.run.outcome(other)
    if not isinstance(outcome, CellResult):
        compute = planned.recipe.compute if planned.recipe else None
        assert compute is not None
        raise RecipeError(
            f"{other.recipe} with seed {other.seed}, whose {compute.measure} is to be matched, has no result."
        )
    training = outcome.training
    (recipe,) = [each for each in cells.experiment.recipes if each.id == other.recipe]
    return ReferenceBudget(
        seconds=training.train_time + training.probe_seconds,
        flops=training.flops,
        steps=training.steps,
        tokens=training.tokens,
        rows=examples_a_step(cells.experiment.training_of(recipe)),
    )
