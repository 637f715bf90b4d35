"""The view of a run: live on a terminal, plain lines elsewhere, or what alone must be said.

rich, which takes longer to import than to read a small run, is imported for a terminal alone.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TextIO

from harness.cli.course import Course
from harness.cli.pace import left_words
from harness.cli.progress_words import cell_name, ended_words, gone_on_words, kept_words, look_words
from harness.cli.progression import Clock
from harness.cli.terminal import uncleaned
from harness.execution.events import BatchSettled, Body, NotResumed, StageEntered, StepDone
from harness.execution.watcher import Unwatched, Watcher
from harness.ledger import Outcome
from harness.ledger.damage import Damage
from harness.ledger.run import Kind
from harness.plan.cells import PlannedCell
from harness.records import CellFailure
from harness.report.sections.answer import arms_of
from harness.spec.records import Experiment
from harness.text import visible
from harness.verdict.records import Looks

_REFRESHED = 4
"""How often a second the live view is drawn."""


class Printer(Protocol):
    """What prints: a console of rich's, or what stands for it where there is no terminal."""

    @property
    def print(self) -> Callable[..., None]:
        """Print a text; what else is given says how it is to look."""


class _Plain:
    """Prints texts as they are."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def print(self, text: object, **_how: Any) -> None:
        print(text, file=self._stream, flush=True)


@contextmanager
def watching(experiment: Experiment, folder: Path, *, quiet: bool = False) -> Iterator[Watcher]:
    """Yield what shows a run's progress on standard error while the block runs.

    A `quiet` one says what failed, what was mended and nothing else.
    """
    stream = uncleaned(sys.stderr)
    name, rest = visible(experiment.name), visible(f": {arms_of(experiment)}{_runs(experiment)} → {folder}")
    if not sys.stderr.isatty():
        plain = _Plain(stream)
        if not quiet:
            plain.print(f"{name}{rest}")
        yield Quiet(plain) if quiet else Lines(plain)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream)
    if quiet:
        yield Quiet(console)
        return
    console.print(Text(name, "bold").append(rest, "not bold"), highlight=False)
    if console.is_dumb_terminal:
        yield Lines(console)
        return
    from rich.live import Live

    from harness.cli.live import Screen

    screen = Screen(console)
    with Live(screen, console=console, refresh_per_second=_REFRESHED, redirect_stdout=False):
        yield screen


def _runs(experiment: Experiment) -> str:
    if experiment.searches_alone:
        return ", a search alone"
    return f" × {len(experiment.seeds)} seeds, {len(experiment.suites)} suites"


class Quiet(Unwatched):
    """Says what a report would not explain: which cells failed, and what was made again."""

    def __init__(self, console: Printer) -> None:
        self._console = console

    def mended(self, removed: Sequence[Damage]) -> None:
        """Print a line a file."""
        for each in removed:
            self._say(f"again: {each}")

    def message(self, cell: str, message: Body) -> None:
        """Print why a training does not go on from what an earlier start left."""
        if isinstance(message, NotResumed):
            self._say(f"{cell}: {gone_on_words(message)}")

    def ended(self, outcome: Outcome) -> None:
        """Print a failure."""
        if isinstance(outcome, CellFailure):
            self._say(ended_words(outcome).strip())

    def _say(self, words: str) -> None:
        self._console.print(visible(words), markup=False, highlight=False, soft_wrap=True)


class Lines:
    """One line a stage, for logs and pipes."""

    def __init__(self, console: Printer, clock: Clock = time.monotonic) -> None:
        self._print = console.print
        self._clock, self._start = clock, clock()
        self._kind, self._course = "cell", Course(clock)

    def preparing(self, message: Body) -> None:
        """Print the stage, or what is not done as it was declared."""
        if isinstance(message, StageEntered):
            self._say(f"preparing {message.name}")
        elif isinstance(message, BatchSettled):
            self._say(f"  {message.fit}")

    def mended(self, removed: Sequence[Damage]) -> None:
        """Print a line a file."""
        for each in removed:
            self._say(f"  again: {each}")

    def planned(self, kind: Kind, cells: Sequence[PlannedCell], done: Sequence[Outcome]) -> None:
        """Print how many trials or cells there are."""
        self._kind = kind.removesuffix("s")
        self._course.planned(cells, done)
        self._say(f"{len(cells)} {kind} {kept_words(len(done))}".rstrip())

    def cell(self, place: int, planned: PlannedCell) -> None:
        """Print which cell begins."""
        self._course.begin(planned)
        self._say(f"{self._kind} {place + 1} of {self._course.cells}: {cell_name(planned.cell)}")

    def message(self, cell: str, message: Body) -> None:
        """Print a training step at every tenth of the way, with the cell's name where several run, and what is left."""
        running = self._course.take(cell, message)
        name = f"{cell_name(running.planned.cell)}: " if len(self._course.running) > 1 else ""
        if isinstance(message, StepDone) and message.step % max(1, message.steps // 10) == 0:
            self._say(f"  {name}{running.progression.words}{self._left()}")
        elif isinstance(message, StageEntered) and message.name.startswith(("evaluate", "merge")):
            self._say(f"  {name}{message.name}")
        elif words := gone_on_words(message):
            self._say(f"  {name}{words}")

    def ended(self, outcome: Outcome) -> None:
        """Print how the cell ended."""
        self._say(ended_words(outcome, self._course.end(outcome)))

    def looked(self, looks: Looks) -> None:
        """Print what the look found."""
        for words in look_words(looks):
            self._say(words)

    def _left(self) -> str:
        """Return how long these trials or cells still take: what comes after trials hangs on them."""
        words = left_words(self._course.left(self._clock()))
        return words + " of these trials" if words and self._kind == "trial" else words

    def _say(self, words: str) -> None:
        line = visible(f"[{self._clock() - self._start:7.1f}s] {words}")
        self._print(line, markup=False, highlight=False, soft_wrap=True)
