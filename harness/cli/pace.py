"""How long a run still takes, from the cells that were measured."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import NamedTuple

from harness.cli.progression import TRAINING_SHARE
from harness.ledger import Outcome
from harness.plan.cells import PlannedCell
from harness.records import CellResult

_SETTLES = 30.0
"""The seconds over which what is shown drifts to a new estimate."""


class Underway(NamedTuple):
    """A running cell: how long it has run, which part of it is done, and how long all of it takes by its own speed.

    Times are in seconds; its own speed is None until it shows.
    """

    planned: PlannedCell
    elapsed: float
    fraction: float
    whole: float | None


@dataclass
class Pace:
    """Seconds that cells took. A cell takes what others of its recipe did, else what all that train did."""

    _of_recipe: dict[str, list[float]] = field(default_factory=dict)
    _of_trained: list[float] = field(default_factory=list)

    def measured(self, outcome: Outcome) -> None:
        """Take a cell that has ended; how long one ran that failed says nothing of the others."""
        if isinstance(outcome, CellResult):
            seconds = outcome.costs.total_seconds
            self._of_recipe.setdefault(outcome.cell.recipe, []).append(seconds)
            if outcome.train_info is not None:
                self._of_trained.append(seconds)

    def left(self, waiting: Sequence[PlannedCell], running: Sequence[Underway], places: int) -> float | None:
        """Return the seconds until all cells have ended, `places` at once; None before anything tells.

        What no ended cell tells of is taken from the cells that train now, at the speed that each had so far.
        """
        training = [each.whole for each in running if each.planned.recipe and each.whole is not None]
        guess = fmean(self._of_trained or training) if self._of_trained or training else None
        seconds = [self._expected(each, guess) for each in waiting]
        seconds += [self._rest(each, guess) for each in running]
        found = [each for each in seconds if each is not None]
        if len(found) < len(seconds):
            return None
        return max(sum(found) / max(places, 1), max(found, default=0.0))

    def _rest(self, cell: Underway, guess: float | None) -> float | None:
        """Return the seconds that a running cell still takes: by its own speed where none of its recipe has ended."""
        if cell.whole is not None and cell.planned.cell.recipe not in self._of_recipe:
            return max(0.0, cell.whole - cell.elapsed)
        expected = self._expected(cell.planned, guess)
        return None if expected is None else expected * (1 - cell.fraction)

    def _expected(self, planned: PlannedCell, guess: float | None) -> float | None:
        """Return the seconds of a whole cell, by those of its recipe; `guess` are those of any cell that trains."""
        if own := self._of_recipe.get(planned.cell.recipe):
            return fmean(own)
        return None if guess is None else guess * weight(planned)


class Countdown:
    """What is shown of an estimate: it runs down with the clock and drifts to a new one, so that it does not jump."""

    def __init__(self) -> None:
        self._shown: tuple[float, float] | None = None

    def at(self, now: float, estimate: float | None) -> float | None:
        """Return the seconds to show at `now` (seconds of any clock); None where there is no estimate."""
        if estimate is None:
            self._shown = None
            return None
        if self._shown is not None:
            since = now - self._shown[0]
            expected = max(0.0, self._shown[1] - since)
            estimate = expected + (estimate - expected) * min(1.0, since / _SETTLES)
        self._shown = (now, estimate)
        return estimate


def weight(planned: PlannedCell) -> float:
    """Return how long a cell takes beside one that trains: the base is scored alone."""
    return 1.0 if planned.recipe is not None else 1 - TRAINING_SHARE


def left_words(seconds: float | None) -> str:
    """Return how long a run still takes, for the end of a line; nothing where it is not known."""
    return "" if seconds is None else f"  ~{clock_words(seconds)} left"


def clock_words(seconds: float) -> str:
    """Return ``m:ss``, or ``h:mm:ss`` from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
