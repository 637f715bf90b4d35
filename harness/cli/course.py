"""Where the cells of a run stand: which wait, which run and how far, and how long all of it still takes."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from harness.cli.pace import Countdown, Pace, Underway, weight
from harness.cli.progression import Clock, Progression
from harness.execution.events import Body
from harness.ledger import Outcome
from harness.plan.cells import PlannedCell


@dataclass
class Running:
    """A cell that runs, how far it is, and since when (seconds of the clock)."""

    planned: PlannedCell
    progression: Progression
    since: float


class Course:
    """The cells, or trials, of a run: told what happens to each, it says what is done and what is left."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self.ended = 0
        self.waiting: dict[str, PlannedCell] = {}
        self.running: dict[str, Running] = {}
        self._total, self._done, self._places = 0.0, 0.0, 1
        self._pace, self._countdown = Pace(), Countdown()

    def planned(self, cells: Sequence[PlannedCell], done: Sequence[Outcome]) -> None:
        """Take what there is to do; what ended before tells how long such cells take."""
        before = {outcome.cell.id for outcome in done}
        self.waiting = {each.cell.id: each for each in cells if each.cell.id not in before}
        self.running.clear()
        self.ended, self._places = len(done), 1
        self._total = sum(map(weight, cells))
        self._done = self._total - sum(map(weight, self.waiting.values()))
        self._pace, self._countdown = Pace(), Countdown()
        for outcome in done:
            self._pace.measured(outcome)

    def begin(self, planned: PlannedCell) -> None:
        """Let a cell run."""
        progression = Progression(len(planned.suites), trains=planned.recipe is not None, clock=self._clock)
        self.waiting.pop(planned.cell.id, None)
        self.running[planned.cell.id] = Running(planned, progression, self._clock())
        self._places = max(self._places, len(self.running))

    def take(self, cell: str, message: Body) -> Running:
        """Take what a running cell says, and return how far it is now."""
        running = self.running[cell]
        running.progression.take(message)
        return running

    def end(self, outcome: Outcome) -> PlannedCell | None:
        """Take a cell that has ended and return how it was planned; None of one that nobody told of."""
        waited = self.waiting.pop(outcome.cell.id, None)  # another process ended it
        running = self.running.pop(outcome.cell.id, None)
        planned = running.planned if running else waited
        self.ended += 1
        self._done += weight(planned) if planned else 0.0
        self._pace.measured(outcome)
        return planned

    @property
    def cells(self) -> int:
        """How many there are."""
        return self.ended + len(self.running) + len(self.waiting)

    @property
    def share(self) -> float:
        """The part that is done of all of them, what is done of running ones counted in."""
        done = self._done + sum(weight(each.planned) * each.progression.fraction for each in self.running.values())
        return min(1.0, done / self._total) if self._total else 0.0

    def left(self, now: float) -> float | None:
        """Return the seconds that are left at `now`; None before anything tells, and where nothing waits or runs."""
        if not (self.waiting or self.running):
            return None
        underway = [
            Underway(each.planned, now - each.since, each.progression.fraction, each.progression.whole(each.since))
            for each in self.running.values()
        ]
        return self._countdown.at(now, self._pace.left(list(self.waiting.values()), underway, self._places))
