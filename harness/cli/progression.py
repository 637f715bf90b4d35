"""How far a running cell is: the part that is done, its losses, and how fast it reads."""

import itertools
import time
from collections import deque
from collections.abc import Callable

from harness.execution.events import Body, ItemsScored, StageEntered, StepDone

TRAINING_SHARE = 0.6
"""The part of a cell that training fills; scoring fills the rest."""
_TELLS = 0.02
"""The part of a cell, done since its first step, before which its speed tells nothing."""
_STEPS = 20
"""The steps over which speed is a mean."""
_BLOCKS, _ASCII = "▁▂▃▄▅▆▇█", "_.-=+*%#"

Clock = Callable[[], float]


class Progression:
    """How far the running cell is, as a fraction, its losses in nats a completion token, and a few words about it."""

    def __init__(self, suites: int, *, trains: bool, clock: Clock = time.monotonic) -> None:
        self._share = (TRAINING_SHARE if suites else 1.0) if trains else 0.0
        self._suites = suites
        self._scored = -1
        self._clock = clock
        self._read: deque[tuple[float, int]] = deque(maxlen=_STEPS)
        self._first: tuple[float, float] | None = None
        self._last: tuple[float, float] = (0.0, 0.0)
        self.losses: list[float] = []
        self.words = "loading"

    def take(self, message: Body) -> None:
        """Take what the cell says."""
        if isinstance(message, StepDone):
            self._step(message)
        elif isinstance(message, ItemsScored):
            self._item(message)
        elif isinstance(message, StageEntered):
            self.words = message.name
            self._read.clear()
            self._scored += message.name.startswith("evaluate")

    @property
    def fraction(self) -> float:
        """The part of the cell that is done."""
        return self._last[1]

    @property
    def tokens_per_second(self) -> float | None:
        """The mean speed over the last steps; None before there are two that lie apart."""
        if len(self._read) < 2 or self._read[-1][0] <= self._read[0][0]:  # noqa: PLR2004
            return None
        (since, before), (now, tokens) = self._read[0], self._read[-1]
        return (tokens - before) / (now - since)

    def whole(self, since: float) -> float | None:
        """Return the seconds that all of the cell takes which began at `since`, by the clock; None before that shows.

        What came before its first step (loading, a probe) is not taken for its speed.
        """
        if self._first is None or self._last[1] - self._first[1] < _TELLS:
            return None
        (began, before), (now, done) = self._first, self._last
        return began - since + (1 - before) * (now - began) / (done - before)

    def _at(self, fraction: float) -> None:
        self._last = (self._clock(), fraction)
        self._first = self._first or self._last

    def _step(self, step: StepDone) -> None:
        self._read.append((self._clock(), step.tokens))
        self.losses.append(step.loss)
        trained = (step.stage - 1 + step.step / max(step.steps, 1)) / step.stages
        self._at(self._share * trained)
        self.words = f"step {step.step}/{step.steps}  loss {step.loss:.3f}"
        if step.stages > 1:
            self.words = f"stage {step.stage}/{step.stages}  {self.words}"
        if self.tokens_per_second is not None:
            self.words += f"  {self.tokens_per_second:,.0f} tok/s"

    def _item(self, scored: ItemsScored) -> None:
        suites = self._scored + scored.done / max(scored.total, 1)
        self._at(self._share + (1 - self._share) * suites / max(self._suites, 1))
        self.words = f"{scored.task}  {scored.done}/{scored.total} requests"


def sparkline(values: list[float], width: int, *, ascii_only: bool = False) -> str:
    """Return `values` in order as at most `width` bars, each a mean, between the least and the greatest of them."""
    parts = min(width, len(values))
    edges = [len(values) * part // parts for part in range(parts + 1)] if parts else [0]
    means = [sum(values[one:two]) / (two - one) for one, two in itertools.pairwise(edges)]
    if not means:
        return ""
    bars, low, high = _ASCII if ascii_only else _BLOCKS, min(means), max(means)
    if high == low:
        return bars[0] * len(means)
    return "".join(bars[round((mean - low) / (high - low) * (len(bars) - 1))] for mean in means)
