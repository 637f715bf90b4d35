"""Cells of a table as every renderer takes them apart."""

from collections.abc import Iterable

from harness.report.document import Badge, Cell, Header, Interval, Number, Part, PValue, Words

NOTHING = "–"
"""What stands where a cell has nothing to say."""


def parts_of(cell: Cell) -> tuple[Part, ...]:
    """Return what stands below each other in a cell."""
    if cell is None:
        return ()
    return cell if isinstance(cell, tuple) else (cell,)


def part_text(part: Part) -> str:
    """Return a part of a cell on one line, as it is written."""
    if isinstance(part, Interval):
        return " ".join(part.lines)
    return part.text if isinstance(part, Words | Badge) else str(part)


def header_text(header: Header) -> str:
    """Return a heading on one line."""
    return header if isinstance(header, str) else " ".join(header)


def is_numeric(column: Iterable[Cell]) -> bool:
    """Tell whether a column holds figures, whatever few words stand between them."""
    return any(isinstance(part, Number | Interval | PValue) for cell in column for part in parts_of(cell))
