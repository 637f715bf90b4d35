"""The live view of a run: a line for each running cell, what went wrong, the last look, and one bar of all cells."""

import textwrap
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from threading import Lock

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from harness.cli.course import Course, Running
from harness.cli.pace import clock_words, left_words
from harness.cli.progress_words import ended_words, gone_on_words, look_words, short_name
from harness.cli.progression import Clock, sparkline
from harness.execution.events import BatchSettled, Body, StageEntered
from harness.ledger import Outcome
from harness.ledger.damage import Damage
from harness.ledger.run import Kind
from harness.plan.cells import PlannedCell
from harness.records import CellFailure
from harness.text import visible
from harness.verdict.records import Looks

_WIDE = 100
"""Columns from which on names and curves have more room and a cell's line has its time."""
_OTHERS = 5
"""Lines of a terminal that cells leave to failures, the look, the bar and what is printed above."""


class Screen:
    """What stands at the foot of a terminal; what has ended is printed above it and scrolls away.

    It is drawn by a thread of rich's while the run's own tells it what happens: no text is printed with the lock held.
    """

    def __init__(self, console: Console, clock: Clock = time.monotonic) -> None:
        self._console, self._clock, self._lock = console, clock, Lock()
        self._begin = clock()
        self._kind: Kind | None = None
        self._note = "a worker"
        self._course = Course(clock)
        self._failed: Counter[str] = Counter()
        self._look = ""

    def preparing(self, message: Body) -> None:
        """Show the stage, and leave what is not done as it was declared."""
        if isinstance(message, StageEntered):
            self._note = message.name
        elif isinstance(message, BatchSettled):
            self._leave(f"  {message.fit}")

    def mended(self, removed: Sequence[Damage]) -> None:
        """Leave a line a file above the bars."""
        for each in removed:
            self._leave(f"  again: {each}")

    def planned(self, kind: Kind, cells: Sequence[PlannedCell], done: Sequence[Outcome]) -> None:
        """Show how many trials or cells are left; those that ended before tell how long such cells take."""
        with self._lock:
            self._kind = kind
            self._failed = Counter(each.kind for each in done if isinstance(each, CellFailure))
            self._course.planned(cells, done)

    def cell(self, place: int, planned: PlannedCell) -> None:
        """Start a line for it."""
        del place
        with self._lock:
            self._course.begin(planned)

    def message(self, cell: str, message: Body) -> None:
        """Move its line and the bar of all."""
        if words := gone_on_words(message):
            self._leave(f"  {cell}: {words}")
        with self._lock:
            self._course.take(cell, message)

    def ended(self, outcome: Outcome) -> None:
        """Leave a line above the bars."""
        with self._lock:
            planned = self._course.end(outcome)
            if isinstance(outcome, CellFailure):
                self._failed[outcome.kind] += 1
        self._leave(ended_words(outcome, planned), "red" if isinstance(outcome, CellFailure) else "")

    def looked(self, looks: Looks) -> None:
        """Keep what the look found in sight, and leave its verdicts above the bars."""
        labels = Counter(looks.taken[-1].labels.values()) if looks.taken else Counter[str]()
        found = ", ".join(f"{count} {label}" for label, count in labels.most_common())
        with self._lock:
            self._look = f"look {len(looks.taken)} of {len(looks.seeds)}: {found}"
        first, *verdicts = look_words(looks)
        self._leave(first, "bold")
        for words in verdicts:
            self._leave(words)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it into the columns and lines that the terminal has now."""
        width, height = options.max_width, options.height or console.size.height
        with self._lock:
            now = self._clock()
            shown = list(self._course.running.values())
            room = max(1, height - _OTHERS)
            more = len(shown) - room
            lines = [self._cell_line(each, now, width, options) for each in shown[: room if more <= 0 else room - 1]]
            if more > 0:
                lines.append(Text(f"  … and {more + 1} more that run", "dim"))
            lines += self._notes()
            lines.append(self._all(now, width))
        yield from lines

    def _cell_line(self, running: Running, now: float, width: int, options: ConsoleOptions) -> RenderableType:
        wide, cell = width >= _WIDE, running.planned.cell
        name, curve, spent = (36, 24, 8) if wide else (20, 10, 0)
        line = Table.grid(padding=(0, 1, 0, 0))
        for columns in (name, curve, 4, width - name - curve - 4 - 3 - bool(spent) - spent, spent)[: 5 if wide else 4]:
            line.add_column(width=columns, no_wrap=True, overflow="ellipsis")
        progression = running.progression
        words = [
            Text(short_name(cell, name), "bold"),
            Text(sparkline(progression.losses, curve, ascii_only=options.ascii_only), "green"),
            Text(f"{int(100 * progression.fraction):3}%"),
            Text(visible(progression.words)),
            Text(clock_words(now - running.since).rjust(spent), "dim"),
        ]
        line.add_row(*words[: 5 if wide else 4])
        return line

    def _notes(self) -> Iterator[Text]:
        if self._failed:
            kinds = ", ".join(f"{count} {kind}" for kind, count in self._failed.most_common())
            yield Text(f"failed: {kinds}", "red", no_wrap=True, overflow="ellipsis")
        if self._look:
            yield Text(visible(self._look), "cyan", no_wrap=True, overflow="ellipsis")

    def _all(self, now: float, width: int) -> RenderableType:
        """Return the bar of all cells with the time since the start and the time left."""
        course = self._course
        share, shown = course.share, course.left(now) if self._kind else None
        words = f"{int(100 * share):3}%  {course.ended} of {course.cells} done" if self._kind else self._note
        times = clock_words(now - self._begin) + left_words(shown)
        title = self._kind or "preparing"
        line = Table.grid(padding=(0, 1, 0, 0))
        bar = 40 if width >= _WIDE else 20
        for columns in (9, bar, width - 9 - bar - 24 - 3, 24):
            line.add_column(width=columns, no_wrap=True, overflow="ellipsis")
        moving = ProgressBar(total=1.0 if self._kind else None, completed=share, width=bar, animation_time=now)
        line.add_row(Text(title, "bold"), moving, Text(words), Text(times.rjust(24), "cyan"))
        return line

    def _leave(self, words: str, style: str = "") -> None:
        """Print a line above what is drawn, folded below its beginning."""
        lines = textwrap.fill(visible(words), self._console.width, subsequent_indent="      ", break_on_hyphens=False)
        self._console.print(lines, style=style or None, markup=False, highlight=False)
