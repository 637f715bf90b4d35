"""Run trials or cells one after another, each in a process of its own, and record how each ended."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.errors import RecipeError
from harness.execution.job import MERGE_GUARD, Finished, Job, Message, Spent
from harness.execution.process import describe_exit, run_in_process
from harness.execution.progress import Watcher
from harness.ledger import Outcome, Run
from harness.ledger.run import Kind
from harness.plan.batch import examples_a_step
from harness.plan.cells import PlannedCell, asks_to_merge
from harness.plan.identity import trained_cell
from harness.preflight.prepared import Prepared
from harness.records import CellFailure, CellResult
from harness.spec.records import Experiment

_WORK = {"cells": "work", "trials": "try_out"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What all cells of one kind share. A cell that has ended is left alone, unless it failed and is retried."""

    run: Run
    experiment: Experiment
    prepared: Prepared
    watcher: Watcher
    retry_failed: bool
    kind: Kind = "cells"

    def execute(self, cells: Sequence[PlannedCell]) -> None:
        """Run what has not ended; failed cells are outcomes, not exceptions."""
        for each in cells:
            self._take_up(each)
        waiting = [each for each in cells if self._is_waiting(each)]
        self.watcher.planned(self.kind, cells, len(cells) - len(waiting))
        for planned in waiting:
            self.watcher.cell(cells.index(planned), planned)
            outcome = self._outcome(planned)
            self.run.write_outcome(outcome, self.kind)
            self.watcher.ended(outcome)

    def _take_up(self, planned: PlannedCell) -> None:
        """Let a result list the scores that are asked for now, where a start in between asked for others.

        ``--limit 20``, all, and ``--limit 20`` again: every suite is scored by then, the last start must be told so.
        """
        outcome = self.run.outcome(planned.cell, self.kind)
        if not isinstance(outcome, CellResult) or not self.run.scored(planned.cell).issuperset(planned.suites):
            return
        asked = tuple(self.run.evaluation(planned.cell, key) for key in planned.suites)
        if asked != outcome.evaluations:
            self.run.write_outcome(replace(outcome, evaluations=asked), self.kind)

    def _is_waiting(self, planned: PlannedCell) -> bool:
        """Say whether a cell is still to be run: it has not ended, failed and is retried, or lacks what is asked."""
        outcome = self.run.outcome(planned.cell, self.kind)
        if outcome is None:
            return True
        if isinstance(outcome, CellFailure):
            return self.retry_failed
        if self.kind == "trials":
            return False
        return not self.run.scored(planned.cell).issuperset(planned.suites) or self._lacks_merge(planned, outcome)

    def _lacks_merge(self, planned: PlannedCell, result: CellResult) -> bool:
        """Say whether the spec's `merge` asks for something that the cell was not measured for."""
        asked = self.experiment.merge
        if planned.recipe is None or not asks_to_merge(self.experiment, planned.recipe):
            return False
        unchecked = asked.check and MERGE_GUARD not in result.measurements
        return unchecked or (asked.latency and result.latency is None)

    def _outcome(self, planned: PlannedCell) -> Outcome:
        """Run a cell; one that is to spend as much as a cell that failed fails with it."""
        try:
            spent = self._spent(planned)
        except RecipeError as error:
            return CellFailure(cell=planned.cell, kind="recipe", stage="match", message=str(error))
        return self._ended(self._job(planned, spent))

    def _spent(self, planned: PlannedCell) -> Spent | None:
        """Return what the recipe of `compute` spent with the same seed."""
        compute = planned.recipe.compute if planned.recipe else None
        if compute is None:
            return None
        (other,) = [each for each in self.experiment.recipes if each.id == compute.recipe]
        seed = int(planned.cell.seed or 0)
        outcome = self.run.outcome(trained_cell(self.experiment, other, seed, self.prepared.model_fingerprint))
        if not isinstance(outcome, CellResult):
            raise RecipeError(f"{other.id} with seed {seed}, whose {compute.measure} is to be matched, has no result.")
        training = outcome.training
        return Spent(
            seconds=training.train_time + training.probe_seconds,
            flops=training.flops,
            steps=training.steps,
            tokens=training.tokens,
            rows=examples_a_step(self.experiment.training_of(other)),
        )

    def _job(self, planned: PlannedCell, spent: Spent | None) -> Job:
        return Job(
            experiment=self.experiment,
            planned=planned,
            folder=self.run.cell_folder(planned.cell, self.kind),
            device=self.prepared.device,
            model_fingerprint=self.prepared.model_fingerprint,
            data_sha256=self.prepared.data_sha256,
            versions=self.prepared.versions,
            stage_sha256=self.prepared.stage_sha256,
            spent=spent,
        )

    def _ended(self, job: Job) -> Outcome:
        ended: list[Outcome] = []

        def hear(message: Message) -> None:
            if isinstance(message, CellResult | CellFailure):
                ended.append(message)
                return
            if isinstance(message, Finished):
                self.run.journal.append("evaluated", cell=job.planned.cell.id, key=message.key)
            self.watcher.message(message)

        self.run.journal.append("began", cell=job.planned.cell.id)
        code = run_in_process(_WORK[self.kind], job, hear)
        if ended:
            return ended[0]
        return CellFailure(cell=job.planned.cell, kind="killed", stage="unknown", message=describe_exit(code))
