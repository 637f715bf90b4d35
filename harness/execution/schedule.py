"""Trials or cells, submitted as places and predecessors allow, and how each ended, recorded.

No number depends on how many run side by side: a cell's threads are the run folder's. Other processes may work on the
same cells: each is begun by whoever has claimed it, and what another has ended is taken as it is.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.compare.base import check_base
from harness.errors import FailureKind, RecipeError
from harness.execution._base import Executor, Exit
from harness.execution.adopt import adopt
from harness.execution.crew import Crew
from harness.execution.devices import all_accelerators, device_of_cells
from harness.execution.events import Event, NotResumed, Refusal, Resumed, StartedAgain, SuiteScored, TrainingSaved
from harness.execution.order import Order
from harness.execution.repair import goes_back, mend
from harness.execution.selection import Selection
from harness.execution.sharing import POLL, Sharing
from harness.execution.unit import CellWork, ReferenceBudget, UnitKind, WorkUnit, asks_to_merge, write_unit
from harness.execution.watcher import Watcher
from harness.ledger import Outcome, RunFolder
from harness.ledger.artefacts import digests
from harness.ledger.damage import CellFiles, Damage, refuse
from harness.ledger.run import Kind
from harness.plan.batch import examples_a_step
from harness.plan.cells import MERGE_CHECK, PlannedCell
from harness.plan.identity import base_cell, trained_cell
from harness.preflight.prepared import Prepared
from harness.records import Cell, CellFailure, CellResult, Evaluation
from harness.spec.records import Experiment
from harness.storage import refused

UNIT = "unit.json"
"""The file in a cell's folder with the unit as it was last submitted, from which attempts are counted."""

_UNITS: dict[Kind, UnitKind] = {"cells": "cell", "trials": "trial"}


@dataclass(slots=True)
class Started:
    """A cell that runs, and how it ended once it has told."""

    planned: PlannedCell
    outcome: Outcome | None = None

    @property
    def cell(self) -> Cell:
        """The cell itself."""
        return self.planned.cell


class Hand:
    """What one call has in hand of some cells: their order, the claims on them, and those that run here, by unit."""

    def __init__(self, cells: Sequence[PlannedCell], order: Order, sharing: Sharing) -> None:
        self.places = {each.cell.id: place for place, each in enumerate(cells)}
        self.order = order
        self.sharing = sharing
        self.running: dict[str, Started] = {}

    def next(self) -> PlannedCell | None:
        """Claim and return the first cell that can start and that nobody else has."""
        return self.order.next(lambda each: self.sharing.take(each.cell))


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What all cells of one kind share. A cell that has ended is left alone, unless it failed and is retried."""

    run: RunFolder
    experiment: Experiment
    prepared: Prepared
    executor: Executor
    watcher: Watcher
    retry: frozenset[FailureKind]
    repair: bool = False
    kind: Kind = "cells"
    selection: Selection = field(default_factory=Selection)
    _begun: dict[str, int] = field(default_factory=dict)
    """How often each cell had been started before this process looked: a failure of since then is not retried."""
    _cells: dict[str, Cell] = field(default_factory=dict, init=False)

    def execute(self, cells: Sequence[PlannedCell]) -> bool:
        """Run what has not ended and is selected; failed cells are outcomes, not exceptions.

        Return whether all of the cells have ended then, whoever ran them. Raises `ComparisonError` before a training
        where the base's scores show that a suite cannot be compared.
        """
        sharing = Sharing(self.run, self.kind, self.prepared.threads)
        waiting: list[PlannedCell] = []
        done: list[Outcome] = []
        try:
            for each in cells:
                self._begun.setdefault(each.cell.id, attempts(self.run.cell_folder(each.cell, self.kind)))
                outcome = self._settled(each, sharing)
                if outcome is None or self._runs_again(each, outcome):
                    waiting.append(each)
                else:
                    done.append(outcome)
            self.watcher.planned(self.kind, cells, done)
            selected = self.selection.among(waiting, self._before)
            self._execute(Hand(cells, Order(selected, self._before), sharing))
            return self.selection.is_all or not any(self._is_waiting(each) for each in cells)
        finally:
            self.run.journal.hold()
            sharing.release_all()

    def mend(self, cells: Sequence[PlannedCell]) -> None:
        """Look at what earlier starts left of the cells; remove what is damaged and may be made again.

        Raises `DamagedError` with everything else that is damaged.
        """
        sharing = Sharing(self.run, self.kind, self.prepared.threads)
        left: list[Damage] = []
        for each in cells:
            # Who has claimed a cell is writing in it, and has looked at it.
            if self.run.cell_folder(each.cell, self.kind).exists() and sharing.take(each.cell):
                left += self._mended(each)
                sharing.release(each.cell)
        refuse(self.run, left)

    def _mended(self, planned: PlannedCell) -> Sequence[Damage]:
        """Mend a claimed cell, tell what was removed for that, and return what was not."""
        files = CellFiles(self.run, planned.cell.id, self.kind)
        found = files.damages(trained=self.repair or self._is_waiting(planned))
        if not found or not (self.repair or goes_back(files, found)):
            return found
        mend(files, found)
        self.watcher.mended(found)
        return ()

    def _execute(self, hand: Hand) -> None:
        self._check_base_before(hand.order)
        with Crew(self.executor, self._places) as crew:
            while hand.order:
                while self._takes_more(crew) and (planned := hand.next()) is not None:
                    if self._has_ended_elsewhere(planned, hand.sharing):
                        self._leave(planned.cell, hand)
                    else:
                        self._begin(planned, crew, hand)
                if hand.running:
                    self._take_next(crew, hand)
                elif self.selection.is_used_up:
                    return
                elif hand.order:
                    time.sleep(POLL)

    def _takes_more(self, crew: Crew) -> bool:
        return crew.place is not None and not self.selection.is_used_up

    def _settled(self, planned: PlannedCell, sharing: Sharing) -> Outcome | None:
        """Return how a cell ended: as a run beside this one has it, or with its result listing the scores asked for.

        It is claimed only where one of these is to be done: of thousands of cells few are.
        """
        outcome = self.run.ended(planned.cell, self.kind)
        lies_beside = outcome is None and self.kind == "cells" and bool(sharing.neighbours.having(planned.cell.id))
        if not (lies_beside or self._asks_otherwise(planned, outcome) is not None) or not sharing.take(planned.cell):
            return outcome
        self._adopt(planned, sharing)
        self._take_up(planned)
        sharing.release(planned.cell)
        return self.run.ended(planned.cell, self.kind)

    def _adopt(self, planned: PlannedCell, sharing: Sharing) -> None:
        if self.kind == "cells":
            adopt(self.run, planned, self.experiment, self.prepared, sharing.neighbours)

    def _has_ended_elsewhere(self, planned: PlannedCell, sharing: Sharing) -> bool:
        """Tell, and tell the watcher, whether a claimed cell was ended by another process since it was listed."""
        self._adopt(planned, sharing)
        outcome = self.run.ended(planned.cell, self.kind)
        if outcome is None or self._runs_again(planned, outcome):
            return False
        self.watcher.ended(outcome)
        return True

    def _begin(self, planned: PlannedCell, crew: Crew, hand: Hand) -> None:
        self.watcher.cell(hand.places[planned.cell.id], planned)
        assert crew.place is not None
        unit = self._started(planned, crew.place)
        if unit is None:
            self._leave(planned.cell, hand)
        else:
            self.selection.begin()
            hand.running[unit.id] = Started(planned)
            crew.start(unit)

    def _take_next(self, crew: Crew, hand: Hand) -> None:
        """Take the next thing that a running unit tells."""
        if not crew.has_told:
            self.run.journal.hold()
        unit, told = crew.told()
        cell = hand.running[unit].cell
        if isinstance(told, Exit) and not hand.sharing.holds(cell):
            # Another process took the cell over while this one stood still: how it ends is the other's to say.
            self.run.journal.append("claim lost", cell=cell.id)
            del hand.running[unit]
            hand.order.put_back(cell.id)
            hand.sharing.release(cell)
            return
        if isinstance(told, Event) and isinstance(told.body, CellFailure) and told.body.kind == "device":
            # Another accelerator does the cells to come; at the last one they fail as this did.
            self.run.journal.append("device lost", cell=cell.id, place=crew.lose_place_of(unit))
        self._take(unit, told, hand.running)
        if unit not in hand.running:
            self._leave(cell, hand)

    def _leave(self, cell: Cell, hand: Hand) -> None:
        """Let go of a cell that has ended: it is anyone's again, and what waited for it can start."""
        hand.sharing.release(cell)
        hand.order.done(cell.id)
        if cell == self._base:
            self._check_base_before(hand.order)

    @property
    def _places(self) -> int:
        """How many cells run at once."""
        most = self.executor.workers if self.selection.count is None else self.selection.count
        workers = max(1, min(most, self.executor.workers))
        return workers if self.executor.places_units else self.prepared.places(workers)

    def _before(self, planned: PlannedCell) -> Iterator[str]:
        """Yield the cells that must have ended before one that trains can start.

        The untuned model comes before everything that is compared: its scores show what could not be.
        """
        if planned.is_adapted:
            yield self._base.id
            other = self._matched_cell(planned)
            if other is not None:
                yield other.id

    @property
    def _base(self) -> Cell:
        return self._known("", lambda: base_cell(self.experiment, self.prepared.content))

    def _known(self, name: str, make: Callable[[], Cell]) -> Cell:
        """Return a cell that is asked for again and again; what it is takes a digest of the experiment."""
        if name not in self._cells:
            self._cells[name] = make()
        return self._cells[name]

    def _started(self, planned: PlannedCell, place: int) -> WorkUnit | None:
        """Write down that a cell begins and return its unit, None where the cell that it is to match failed."""
        try:
            budget = self._budget(planned)
        except RecipeError as error:
            self._end(CellFailure(cell=planned.cell, kind="recipe", stage="match", message=str(error)))
            return None
        unit = self._unit(planned, budget, place)
        assert unit.cell is not None
        write_unit(unit, unit.cell.folder / UNIT)
        self.run.journal.note("began", cell=planned.cell.id)
        return unit

    def _take(self, unit: str, told: Event | Exit, running: dict[str, Started]) -> None:
        """Take what a running unit tells; its exit is how the cell ended, unless it had told that before."""
        started = running[unit]
        if isinstance(told, Exit):
            del running[unit]
            killed = CellFailure(cell=started.cell, kind=told.kind, stage="unknown", message=str(told))
            self._end(started.outcome or killed)
            return
        if isinstance(told.body, Refusal):
            raise told.body.error()
        if isinstance(told.body, CellResult | CellFailure):
            started.outcome = started.outcome or told.body
        else:
            self._hear(started.cell, told)

    def _end(self, outcome: Outcome) -> None:
        if not self.run.log.exists():  # what was made again in its place would lack what is done
            raise refused("vanished", f"{self.run.folder} has lost {self.run.log.name}, or is gone.")
        self.run.write_outcome(outcome, self.kind)
        self.selection.end(outcome)
        self.watcher.ended(outcome)

    def _take_up(self, planned: PlannedCell) -> None:
        """Let a result list the scores that are asked for now, where a start in between asked for others.

        ``--limit 20``, all, and ``--limit 20`` again: every suite is scored by then, the last start must be told so.
        """
        outcome = self.run.ended(planned.cell, self.kind)
        asked = self._asks_otherwise(planned, outcome)
        if isinstance(outcome, CellResult) and asked is not None:
            self.run.write_outcome(replace(outcome, evaluations=asked), self.kind)

    def _asks_otherwise(self, planned: PlannedCell, outcome: Outcome | None) -> tuple[Evaluation, ...] | None:
        """Return the scores that are asked for of a result that lists others, None where it lists them or lacks one."""
        if not isinstance(outcome, CellResult) or not self.run.scored(planned.cell).issuperset(planned.suites):
            return None
        asked = tuple(self.run.evaluation(planned.cell, key) for key in planned.suites)
        return None if asked == outcome.evaluations else asked

    def _check_base_before(self, order: Order) -> None:
        """Look at the scores of the untuned model, if there are any, before cells that are compared."""
        base = self.run.ended(self._base) if order.compares else None
        if isinstance(base, CellResult):
            check_base(self.run, self.experiment, base)

    def _is_waiting(self, planned: PlannedCell) -> bool:
        """Say whether a cell is still to be run: it has not ended, or is to run again."""
        outcome = self.run.ended(planned.cell, self.kind)
        return outcome is None or self._runs_again(planned, outcome)

    def _runs_again(self, planned: PlannedCell, outcome: Outcome) -> bool:
        """Say whether a cell that ended failed and is retried, or lacks what is asked."""
        if isinstance(outcome, CellFailure):
            if self.repair and outcome.kind == "damaged":
                return True
            begun = attempts(self.run.cell_folder(planned.cell, self.kind))
            return outcome.kind in self.retry and begun <= self._begun.get(planned.cell.id, begun)
        if self.kind == "trials":
            return False
        return not self.run.scored(planned.cell).issuperset(planned.suites) or self._lacks_merge(planned, outcome)

    def _lacks_merge(self, planned: PlannedCell, result: CellResult) -> bool:
        """Say whether the spec's `merge` asks for something that the cell was not measured for."""
        asked = self.experiment.merge
        if planned.recipe is None or not asks_to_merge(self.experiment, planned.recipe):
            return False
        unchecked = asked.check and MERGE_CHECK not in result.measurements
        return unchecked or (asked.latency and result.latency is None)

    def _budget(self, planned: PlannedCell) -> ReferenceBudget | None:
        """Return what the recipe of `compute` spent with the same seed."""
        other = self._matched_cell(planned)
        compute = planned.recipe.compute if planned.recipe else None
        if other is None or compute is None:
            return None
        outcome = self.run.outcome(other)
        if not isinstance(outcome, CellResult):
            raise RecipeError(
                f"{other.recipe} with seed {other.seed}, whose {compute.measure} is to be matched, has no result."
            )
        training = outcome.training
        (recipe,) = [each for each in self.experiment.recipes if each.id == other.recipe]
        return ReferenceBudget(
            seconds=training.train_time + training.probe_seconds,
            flops=training.flops,
            steps=training.steps,
            tokens=training.tokens,
            rows=examples_a_step(self.experiment.training_of(recipe)),
        )

    def _matched_cell(self, planned: PlannedCell) -> Cell | None:
        """Return the cell that must have ended before this one can start, None where any order will do."""
        compute = planned.recipe.compute if planned.recipe else None
        if compute is None:
            return None
        (other,) = [each for each in self.experiment.recipes if each.id == compute.recipe]
        seed = int(planned.cell.seed or 0)
        return self._known(
            f"{other.id} {seed}", lambda: trained_cell(self.experiment, other, seed, self.prepared.content)
        )

    def _unit(self, planned: PlannedCell, budget: ReferenceBudget | None, place: int) -> WorkUnit:
        """Return the unit of a cell, with its own recipe alone; each place has an accelerator of its own."""
        other, folder = self._matched_cell(planned), self.run.cell_folder(planned.cell, self.kind)
        recipes = () if planned.recipe is None else (planned.recipe,)
        later = () if planned.is_adapted else [each for each in self.experiment.recipes if not each.merges_first]
        work = CellWork(
            experiment=replace(self.experiment, recipes=recipes),
            planned=planned,
            folder=folder.absolute(),
            device=self.prepared.device,
            content=self.prepared.content,
            versions=self.prepared.versions,
            budget=budget,
            workers=self._places,
            rows_at_once=self.prepared.fit.rows_at_once,
            layers=tuple(tuple(part.trained.layers for part in recipe.parts) for recipe in later),
        )
        return WorkUnit(
            id=planned.cell.id,
            kind=_UNITS[self.kind],
            attempt=attempts(folder) + 1,
            after=() if other is None else (other.id,),
            log=self.run.log.absolute(),
            device=device_of_cells(self.experiment, self.prepared, place),
            threads=self.prepared.threads,
            environment=all_accelerators(self.experiment, self.prepared),
            cell=work,
        )

    def _hear(self, cell: Cell, event: Event) -> None:
        if isinstance(event.body, SuiteScored):
            files = digests(event.body.evaluation.files)
            self.run.journal.append("evaluated", cell=event.cell, key=event.body.key, files=files)
        elif isinstance(event.body, TrainingSaved):
            self.run.journal.append("trained", cell=event.cell, files=digests(event.body.files))
        elif isinstance(event.body, Resumed):
            self.run.journal.append("resumed", cell=event.cell, step=event.body.step, steps=event.body.steps)
        elif isinstance(event.body, NotResumed):
            self.run.journal.append("not resumed", cell=event.cell, why=event.body.why)
        elif isinstance(event.body, StartedAgain):
            self.run.journal.append("started again", cell=event.cell, reason=event.body.reason)
        self.watcher.message(cell.id, event.body)


def attempts(folder: Path) -> int:
    """Return how often a cell was started before, as the unit's file in its folder says; 0 where there is none."""
    try:
        said = json.loads((folder / UNIT).read_text(encoding="utf-8"))["attempt"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return 0
    return said if isinstance(said, int) else 0
