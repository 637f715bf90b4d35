"""A report as typed blocks: prose, notices, findings, and tables of the numbers as they were computed.

Sections build blocks from records and compute nothing; a renderer lays them out and knows no record. How a figure is
written stands with the figure, so that every renderer writes the same one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from harness.compare.questions import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A figure in `unit`, written as `form` says after `times` has scaled it; `sd` is its standard deviation."""

    value: float
    form: str
    unit: str = ""
    times: float = 1.0
    sd: float | None = None
    label: str = ""

    def __str__(self) -> str:
        """``acc 0.6000 ± 0.1414``."""
        written = _written(self.value * self.times, self.form)
        label = f"{self.label} " if self.label else ""
        spread = "" if self.sd is None else f" ± {_written(self.sd * self.times, self.form)}"
        return f"{label}{written}{spread}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate with the limits of its interval, in `unit`; `form` and `times` as of a `Number`."""

    estimate: float
    low: float
    high: float
    form: str
    unit: str = ""
    times: float = 1.0
    symbol: str = ""

    @property
    def lines(self) -> tuple[str, str]:
        """``3.2×`` and ``[1.0, 5.4]``."""
        estimate, low, high = (_written(each * self.times, self.form) for each in (self.estimate, self.low, self.high))
        return f"{estimate}{self.symbol}", f"[{low}, {high}]"


@dataclass(frozen=True, slots=True)
class PValue:
    """A probability that is read to three digits and no further down than a ten-thousandth."""

    value: float

    def __str__(self) -> str:
        """``0.0123`` or ``<0.0001``."""
        return f"{self.value:.3g}" if self.value >= 1e-4 else "<0.0001"  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Duration:
    """A time in seconds."""

    seconds: float

    def __str__(self) -> str:
        """``45 s``, ``3 min 20 s`` or ``2 h 05 min``."""
        minutes, left = divmod(round(self.seconds), 60)
        hours, minutes = divmod(minutes, 60)
        if hours:
            return f"{hours} h {minutes:02} min"
        return f"{minutes} min {left:02} s" if minutes else f"{left} s"


@dataclass(frozen=True, slots=True)
class Words:
    """A phrase in a cell, which a narrow renderer folds at `width` characters."""

    text: str
    width: int


Weight = Literal["settled", "open", "none"]
"""How far a verdict goes: its question is settled, something is left open, or there is no verdict."""


@dataclass(frozen=True, slots=True)
class Badge:
    """A verdict in a cell, and how far it goes."""

    text: str
    weight: Weight = "none"


Part = str | Number | Interval | PValue | Duration | Words | Badge
Cell = Part | tuple[Part, ...] | None
"""What stands in a table's cell, several parts below each other; None where there is nothing to say."""
Header = str | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells, one a header, with what they show above and what belongs to them below."""

    headers: tuple[Header, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph; a line break in it is kept."""

    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What makes a number doubtful: one line, never folded, so that it can be searched for."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found out about one question: its title, the sentences below it, and the conditions that it rests on.

    `subject` and `label` are the two halves of a title that is a verdict: about whom, and which.
    """

    title: str
    lines: tuple[str, ...]
    conditions: Table | None = None
    subject: str = ""
    label: str = ""
    weight: Weight = "none"


FigureKind = Literal["forest", "plane", "slopes", "tradeoff", "curves", "courses", "bars", "ratios", "frontier"]
Point = Mapping[str, str | float | None]
"""One mark of a figure by the names of its fields; None where there is nothing to draw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What a picture is drawn from, and the same numbers as a table for who cannot see it or has none drawn.

    `kind` says which picture; `data` holds the marks of each of its layers and `axes` the titles of x and y with their
    units. `name` is unique in a document. `alt` says in a sentence what is shown.
    """

    name: str
    kind: FigureKind
    title: str
    alt: str
    data: Mapping[str, tuple[Point, ...]]
    axes: Mapping[str, str]
    table: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Something to type, and what it does."""

    line: str
    does: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Blocks under a heading. `name` is unique in a document: links lead to it."""

    name: str
    title: str
    blocks: tuple["Block", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """Every question of a suite with each recipe's answers, those first on which recipes differ most."""

    name: str
    metric: str
    questions: tuple[Question, ...]


Block = Table | Prose | Notice | Finding | Figure | Command | Items | Section


@dataclass(frozen=True, slots=True)
class Document:
    """The blocks of a report in their order, and what it is called where it stands by itself."""

    blocks: tuple[Block, ...]
    title: str = ""


def _written(value: float, form: str) -> str:
    """Return a number by its format; one that is written with its sign has none where it rounds to 0."""
    text = form.format(value)
    return text[1:] if "{:+" in form and not float(text) else text
