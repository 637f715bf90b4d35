"""The view of a run: a live display on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from harness.cli.terminal import uncleaned
from harness.execution.events import Body, ItemsScored, StageEntered, StepDone
from harness.execution.watcher import Watcher
from harness.ledger import Outcome
from harness.ledger.damage import Damage
from harness.ledger.run import Kind
from harness.plan.cells import PlannedCell
from harness.records import CellFailure
from harness.spec.records import Experiment
from harness.text import visible
from harness.verdict.records import Looks
from harness.verdict.wording import looks_sentence

TRAINING_SHARE = 0.6
"""The part of a cell's progress bar that training fills; scoring fills the rest."""
_NAME, _BAR, _CLOCK, _LEFT, _NARROWEST = 20, 16, 7, 13, 8
"""Columns of a line of progress; what is left of the terminal is for words."""
_FIRST = 0.02
"""The part of the way before which its speed tells nothing."""
_SETTLES = 30.0


@contextmanager
def watching(experiment: Experiment, folder: Path) -> Iterator[Watcher]:
    """Yield what shows a run's progress on standard error while the block runs."""
    console = Console(file=uncleaned(sys.stderr))
    rest = f": {len(experiment.recipes)} recipes{_runs(experiment)} → {folder}"
    console.print(Text(visible(experiment.name), "bold").append(visible(rest), "not bold"), highlight=False)
    if not sys.stderr.isatty():
        yield Lines(console)
        return
    with bars(console) as progress:
        yield Screen(progress)


def _runs(experiment: Experiment) -> str:
    if experiment.searches_alone:
        return ", a search alone"
    return f" × {len(experiment.seeds)} seeds, {len(experiment.suites)} suites"


def bars(console: Console) -> Progress:
    """Return the bars, each column as wide on every line and all the time, whatever is said in it."""
    note = max(_NARROWEST, console.width - _NAME - _BAR - _CLOCK - _LEFT - 4)
    return Progress(
        TextColumn("{task.description}", style="bold", markup=False, table_column=_column(_NAME)),
        BarColumn(bar_width=_BAR, table_column=_column(_BAR)),
        TextColumn("{task.fields[note]}", markup=False, table_column=_column(note)),
        TimeElapsedColumn(table_column=_column(_CLOCK)),
        _Remaining(table_column=_column(_LEFT)),
        console=console,
    )


def _column(width: int) -> Column:
    return Column(width=width, no_wrap=True, overflow="ellipsis")


class _Remaining(ProgressColumn):
    """Time left at the mean speed so far: cells differ in length, so a recent speed would mislead.

    What is shown runs down with the clock and drifts to a new estimate over `_SETTLES` seconds, so that a short cell or
    a slow one does not make it jump.
    """

    def __init__(self, table_column: Column | None = None) -> None:
        super().__init__(table_column)
        self._shown: dict[TaskID, tuple[float, float]] = {}

    def render(self, task: Task) -> Text:
        """Return ``~h:mm:ss left``, or nothing before there is a speed."""
        if not task.total or task.elapsed is None or task.finished or task.completed < _FIRST * task.total:
            self._shown.pop(task.id, None)
            return Text("")
        left = self._drifted(task.id, task.elapsed, task.elapsed * (task.total - task.completed) / task.completed)
        minutes, seconds = divmod(round(left), 60)
        clock = f"{minutes // 60}:{minutes % 60:02}:{seconds:02}" if minutes >= 60 else f"{minutes}:{seconds:02}"  # noqa: PLR2004
        return Text(f"~{clock} left".rjust(_LEFT), style="cyan")

    def _drifted(self, task: TaskID, now: float, estimate: float) -> float:
        before = self._shown.get(task)
        if before is not None and before[0] <= now:
            since, left = now - before[0], before[1]
            expected = max(0.0, left - since)
            estimate = expected + (estimate - expected) * min(1.0, since / _SETTLES)
        self._shown[task] = (now, estimate)
        return estimate


class Progression:
    """How far the running cell is, as a fraction, and a few words about it."""

    def __init__(self, suites: int, trains: bool) -> None:  # noqa: FBT001 - read where it is made
        self._share = (TRAINING_SHARE if suites else 1.0) if trains else 0.0
        self._suites = suites
        self._scored = -1
        self._start = time.monotonic()
        self.fraction = 0.0
        self.words = "loading"

    def take(self, message: Body) -> None:
        """Take what the cell says."""
        if isinstance(message, StepDone):
            self._step(message)
        elif isinstance(message, ItemsScored):
            self._item(message)
        elif isinstance(message, StageEntered):
            self.words = message.name
            self._start = time.monotonic()
            self._scored += message.name.startswith("evaluate")

    def _step(self, step: StepDone) -> None:
        speed = step.tokens / max(time.monotonic() - self._start, 1e-9)
        self.fraction = self._share * step.step / step.steps
        self.words = f"step {step.step}/{step.steps}  loss {step.loss:.3f}  {speed:.0f} tokens/s"

    def _item(self, scored: ItemsScored) -> None:
        suites = self._scored + scored.done / max(scored.total, 1)
        self.fraction = self._share + (1 - self._share) * suites / self._suites
        self.words = f"{scored.task}  {scored.done}/{scored.total} requests"


class Screen:
    """Bars on a terminal: one for all cells, and one for each that runs."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._all = progress.add_task("preparing", total=None, note="a worker")
        self._done, self._ended = 0.0, 0
        self._running: dict[str, tuple[TaskID, Progression, float]] = {}

    def preparing(self, message: Body) -> None:
        """Show the stage."""
        if isinstance(message, StageEntered):
            self._progress.update(self._all, note=message.name)

    def mended(self, removed: Sequence[Damage]) -> None:
        """Leave a line a file above the bars."""
        for each in removed:
            self._progress.console.print(visible(f"  again: {each}"), markup=False, highlight=False)

    def planned(self, kind: Kind, cells: Sequence[PlannedCell], done: int) -> None:
        """Show how many trials or cells are left."""
        self._done, self._ended = 0.0, 0
        total = sum(map(_weight, cells[done:]))
        self._progress.reset(self._all, total=total, description=kind, note=_kept(done))

    def cell(self, place: int, planned: PlannedCell) -> None:
        """Start a bar for it."""
        del place
        bar = self._progress.add_task(_name(planned), total=1.0, note="loading")
        progression = Progression(len(planned.suites), trains=planned.recipe is not None)
        self._running[planned.cell.id] = bar, progression, _weight(planned)

    def message(self, cell: str, message: Body) -> None:
        """Move its bar and that of all."""
        bar, progression, _ = self._running[cell]
        progression.take(message)
        self._progress.update(bar, completed=progression.fraction, note=progression.words)
        under_way = sum(weight * each.fraction for _, each, weight in self._running.values())
        self._progress.update(self._all, completed=self._done + under_way)

    def ended(self, outcome: Outcome) -> None:
        """Leave a line above the bars."""
        self._ended += 1
        if outcome.cell.id in self._running:
            bar, _, weight = self._running.pop(outcome.cell.id)
            self._progress.remove_task(bar)
            self._done += weight
        else:  # another process ended it
            self._done += 1.0
        self._progress.update(self._all, completed=self._done, note=f"{self._ended} done")
        self._progress.console.print(visible(_line(outcome)), markup=False, highlight=False)

    def looked(self, looks: Looks) -> None:
        """Leave a line above the bars."""
        self._progress.console.print(visible(looks_sentence(looks)), markup=False, highlight=False)


class Lines:
    """One line a stage, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._print = console.print
        self._start = time.monotonic()
        self._kind, self._cells = "cell", 0
        self._running: dict[str, str] = {}

    def preparing(self, message: Body) -> None:
        """Print the stage."""
        if isinstance(message, StageEntered):
            self._say(f"preparing {message.name}")

    def mended(self, removed: Sequence[Damage]) -> None:
        """Print a line a file."""
        for each in removed:
            self._say(f"  again: {each}")

    def planned(self, kind: Kind, cells: Sequence[PlannedCell], done: int) -> None:
        """Print how many trials or cells there are."""
        self._kind, self._cells = kind.removesuffix("s"), len(cells)
        self._say(f"{len(cells)} {kind} {_kept(done)}".rstrip())

    def cell(self, place: int, planned: PlannedCell) -> None:
        """Print which cell begins."""
        self._running[planned.cell.id] = _name(planned)
        self._say(f"{self._kind} {place + 1} of {self._cells}: {_name(planned)}")

    def message(self, cell: str, message: Body) -> None:
        """Print a training step at every tenth of the way, with the cell's name where several run."""
        name = f"{self._running[cell]}: " if len(self._running) > 1 else ""
        if isinstance(message, StepDone) and message.step % max(1, message.steps // 10) == 0:
            self._say(f"  {name}step {message.step}/{message.steps} loss {message.loss:.3f}")
        elif isinstance(message, StageEntered) and message.name.startswith(("evaluate", "merge")):
            self._say(f"  {name}{message.name}")

    def ended(self, outcome: Outcome) -> None:
        """Print how the cell ended."""
        self._running.pop(outcome.cell.id, None)
        self._say(_line(outcome))

    def looked(self, looks: Looks) -> None:
        """Print what the look found."""
        self._say(looks_sentence(looks))

    def _say(self, words: str) -> None:
        line = visible(f"[{time.monotonic() - self._start:7.1f}s] {words}")
        self._print(line, markup=False, highlight=False, soft_wrap=True)


def _weight(planned: PlannedCell) -> float:
    """Return how long a cell takes beside one that trains: the base is scored alone."""
    return 1.0 if planned.recipe is not None else 1 - TRAINING_SHARE


def _name(planned: PlannedCell) -> str:
    seed = planned.cell.seed
    return visible(planned.cell.recipe) if seed is None else f"{planned.cell.recipe} seed {seed}"


def _kept(done: int) -> str:
    return f"({done} done before)" if done else ""


def _line(outcome: Outcome) -> str:
    if isinstance(outcome, CellFailure):
        return f"  failed {outcome.cell.id}: {outcome.kind} while in {outcome.stage}: {outcome.message}"
    seconds = outcome.costs.total_seconds
    return f"  done {outcome.cell.id} in {seconds:.0f} s"
