"""Trials or cells, submitted as places and predecessors allow, and how each ended, recorded.

No number depends on how many run side by side: a cell's threads are the run folder's. Other processes may work on the
same cells: each is begun by whoever has claimed it, and what another has ended is taken as it is.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from harness.compare.base import check_base
from harness.errors import RecipeError
from harness.execution._base import Executor, Exit
from harness.execution.crew import Crew
from harness.execution.events import Event, NotResumed, Refusal, Resumed, StartedAgain, SuiteScored, TrainingSaved
from harness.execution.order import Order
from harness.execution.repair import goes_back, mend
from harness.execution.selection import Selection
from harness.execution.sharing import POLL, Sharing
from harness.execution.standing import UNIT, Standing
from harness.execution.unit import WorkUnit, write_unit
from harness.execution.units import unit_of
from harness.execution.watcher import Watcher
from harness.ledger import Outcome
from harness.ledger.artefacts import digests
from harness.ledger.damage import CellFiles, Damage, refuse
from harness.plan.cells import PlannedCell
from harness.plan.identity import base_cell, trained_cell
from harness.records import Cell, CellFailure, CellResult
from harness.storage import refused


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
class Schedule(Standing):
    """The cells of one kind on an executor, as far as the `selection` goes."""

    executor: Executor
    watcher: Watcher
    selection: Selection = field(default_factory=Selection)
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
                self.count_starts(each)
                outcome = self.settled(each, sharing)
                if outcome is None or self.runs_again(each, outcome):
                    waiting.append(each)
                else:
                    done.append(outcome)
            self.watcher.planned(self.kind, cells, done)
            selected = self.selection.among(waiting, self._before)
            self._execute(Hand(cells, Order(selected, self._before), sharing))
            return self.selection.is_all or not any(self.is_waiting(each) for each in cells)
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
        found = files.damages(trained=self.repair or self.is_waiting(planned))
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

    def _has_ended_elsewhere(self, planned: PlannedCell, sharing: Sharing) -> bool:
        """Tell, and tell the watcher, whether a claimed cell was ended by another process since it was listed."""
        self.adopt(planned, sharing)
        outcome = self.run.ended(planned.cell, self.kind)
        if outcome is None or self.runs_again(planned, outcome):
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
        other = self._matched_cell(planned)
        try:
            unit = unit_of(self, planned, after=other, workers=self._places, place=place)
        except RecipeError as error:
            self._end(CellFailure(cell=planned.cell, kind="recipe", stage="match", message=str(error)))
            return None
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

    def _check_base_before(self, order: Order) -> None:
        """Look at the scores of the untuned model, if there are any, before cells that are compared."""
        base = self.run.ended(self._base) if order.compares else None
        if isinstance(base, CellResult):
            check_base(self.run, self.experiment, base)

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
