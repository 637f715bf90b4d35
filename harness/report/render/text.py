"""Text for a terminal: prose folded at 100 columns, tables whose cells are stacked."""

import textwrap
from collections.abc import Iterator
from typing import assert_never

from tabulate import tabulate

from harness.report.document import Block, Cell, Document, Finding, Header, Interval, Notice, Prose, Table, Words
from harness.report.render._base import Renderer

WIDTH = 100
"""Columns that a report takes wherever its names allow: it is kept, sent and quoted, so no terminal decides."""
NOTHING = "–"


class TextRenderer(Renderer):
    """Renders for a terminal; names and numbers are never cut."""

    def render(self, document: Document) -> str:
        """Return the blocks with an empty line between them."""
        return "\n\n".join(map(_block, document.blocks))


def render_text(*blocks: Block) -> str:
    """Return blocks as text."""
    return TextRenderer().render(Document(blocks))


def _block(block: Block) -> str:
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
    assert_never(block)


def _table(table: Table) -> str:
    """Return a table whose numbers stay as they are written."""
    rows = [["\n".join(cell_lines(cell)) for cell in row] for row in table.rows]
    grid = tabulate(rows, headers=list(map(_header, table.headers)), disable_numparse=True)
    title = [fold(table.title)] if table.title else []
    return "\n".join([*title, grid, *map(fold, table.notes)])


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
        else:
            yield str(part)


def fold(text: str, *, indent: str = "", width: int = WIDTH) -> str:
    """Return each line of a text folded at the width and indented; names and numbers are never cut."""
    lines = (_fold_line(line, width - len(indent)) for line in text.splitlines())
    return textwrap.indent("\n".join(lines), indent)


def _fold_line(line: str, width: int) -> str:
    return textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
