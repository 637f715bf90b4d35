"""Text for a terminal: prose folded at 80 columns, tables whose cells are stacked."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import assert_never

from tabulate import tabulate

from harness.report.document import (
    Badge,
    Block,
    Cell,
    Command,
    Document,
    Figure,
    Finding,
    Header,
    Interval,
    Items,
    Notice,
    Prose,
    Section,
    Table,
    Words,
)
from harness.report.render._base import Renderer

WIDTH = 80
"""Columns that a report takes wherever its names allow: it is kept, sent and quoted, so no terminal decides."""
NOTHING = "–"
_GAP = 2
_LEAST = 16
"""The least columns that words of a table are folded to."""


class TextRenderer(Renderer):
    """Renders for a terminal; numbers are never cut, names folded after a hyphen where a table is too wide."""

    def render(self, document: Document) -> str:
        """Return the blocks with an empty line between them."""
        return "\n\n".join(map(_block, document.blocks))


def render_text(*blocks: Block) -> str:
    """Return blocks as text."""
    return TextRenderer().render(Document(blocks))


def _block(block: Block) -> str:  # noqa: PLR0911 - one for each type of block
    match block:
        case Prose(text):
            return fold(text)
        case Notice(text):
            return text
        case Table():
            return _table(block)
        case Finding():
            conditions = [_table(block.conditions)] if block.conditions else []
            return "\n".join([block.title, *(fold(line, indent="  ") for line in block.lines), *conditions])
        case Figure():
            return _table(block.table)
        case Command():
            return f"{fold(block.does)}\n{textwrap.indent(block.line, '  ')}"
        case Items():
            return fold(f"{len(block.questions)} questions with every answer are on the page.")
        case Section():
            return "\n\n".join([f"{block.title}\n{'=' * len(block.title)}", *map(_block, block.blocks)])
    assert_never(block)


def _table(table: Table) -> str:
    """Return a table whose numbers stay as they are written.

    Where it would be too wide, headers get no room of their own, and then words and names are folded.
    """
    written = [["\n".join(cell_lines(cell)) for cell in row] for row in table.rows]
    lines = [list(map(_header, table.headers)), *written]
    room = _GAP if _total(lines, _GAP) <= WIDTH else 0
    headers, *rows = _narrowed(lines, [_in_words(column) for column in zip(*table.rows, strict=True)], room)
    grid = tabulate(rows, headers=headers, disable_numparse=True) if room else _compact(headers, rows)
    title = [fold(table.title)] if table.title else []
    return "\n".join([*title, grid, *map(fold, table.notes)])


def _compact(headers: list[str], rows: list[list[str]]) -> str:
    """Return the grid as tabulate draws it, but for the room that it gives to headers."""
    lines = tabulate([headers, *rows], tablefmt="plain", disable_numparse=True).splitlines()
    rule = (" " * _GAP).join("-" * _column(column, 0) for column in zip(headers, *rows, strict=True))
    height = max(len(header.split("\n")) for header in headers)
    return "\n".join(line.rstrip() for line in (*lines[:height], rule, *lines[height:]))


def _in_words(cells: Sequence[Cell]) -> bool:
    """Tell whether a column holds words and names alone, which may be folded."""
    return all(cell is None or isinstance(cell, str | Words) for cell in cells)


def _narrowed(lines: list[list[str]], in_words: Sequence[bool], room: int) -> list[list[str]]:
    """Return header and rows with the widest columns of words folded, until the table fits or nothing gives way."""
    left = [place for place, words in enumerate(in_words) if words]
    while left and (excess := _total(lines, room) - WIDTH) > 0:
        widths = [_column(column, room) for column in zip(*lines, strict=True)]
        widest = max(left, key=widths.__getitem__)
        left.remove(widest)
        for line in lines:
            line[widest] = _fold_cell(line[widest], max(_LEAST, widths[widest] - excess))
    return lines


def _total(lines: Sequence[Sequence[str]], room: int) -> int:
    """Return the width of a table whose headers have `room` more than they need."""
    widths = [_column(column, room) for column in zip(*lines, strict=True)]
    return sum(widths) + _GAP * (len(widths) - 1)


def _column(cells: Sequence[str], room: int) -> int:
    header, *body = map(_width, cells)
    return max([header + room, *body])


def _width(cell: str) -> int:
    return max(map(len, cell.split("\n")))


def _fold_cell(cell: str, width: int) -> str:
    """Fold a cell between words and after the hyphens of a name."""
    lines = (textwrap.wrap(line, width, break_long_words=False) or [""] for line in cell.split("\n"))
    return "\n".join(part for line in lines for part in line)


def _header(header: Header) -> str:
    return header if isinstance(header, str) else "\n".join(header)


def cell_lines(cell: Cell) -> Iterator[str]:
    """Yield a cell's lines, a dash for one that has nothing to say."""
    if cell is None:
        yield NOTHING
        return
    for part in cell if isinstance(cell, tuple) else (cell,):
        if isinstance(part, Interval):
            yield from part.lines
        elif isinstance(part, Words):
            yield _fold_line(part.text, part.width)
        elif isinstance(part, Badge):
            yield part.text
        else:
            yield str(part)


def fold(text: str, *, indent: str = "", width: int = WIDTH) -> str:
    """Return each line of a text folded at the width and indented; names and numbers are never cut."""
    lines = (_fold_line(line, width - len(indent)) for line in text.splitlines())
    return textwrap.indent("\n".join(lines), indent)


def _fold_line(line: str, width: int) -> str:
    return textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
