"""Markdown, as pull requests and readme files show it: tables with bars, findings as headings."""

import re
from collections.abc import Iterable
from typing import assert_never

from harness.report.document import (
    Block,
    Cell,
    Command,
    Document,
    Figure,
    Finding,
    Items,
    Notice,
    Prose,
    Section,
    Table,
)
from harness.report.render._base import Renderer
from harness.report.render.cells import NOTHING, header_text, is_numeric, part_text, parts_of
from harness.text import visible

_SPECIAL = re.compile(r"[\\`*{}\[<>|~#]|(?<!\w)_|_(?!\w)")


class MarkdownRenderer(Renderer):
    """Renders for a pull request; what comes from data is shown as it is and never taken for Markdown or HTML."""

    def render(self, document: Document) -> str:
        """Return the blocks with an empty line between them, below the document's title where it has one."""
        title = [f"# {escape(document.title)}"] if document.title else []
        return "\n\n".join([*title, *(_block(each, 2) for each in document.blocks)])


def escape(text: str) -> str:
    """Return text that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\g<0>", visible(text))


def _block(block: Block, level: int) -> str:  # noqa: PLR0911 - one for each type of block
    match block:
        case Prose(text) | Notice(text):
            bar = "> " if isinstance(block, Notice) else ""
            return "  \n".join(f"{bar}{escape(line)}" for line in text.splitlines())
        case Table():
            return _table(block)
        case Finding():
            return _finding(block)
        case Figure():
            return _table(block.table)
        case Command():
            return f"{escape(block.does)}\n\n```sh\n{visible(block.line)}\n```"
        case Items():
            return f"{len(block.questions)} questions with every answer are on the page."
        case Section():
            head = f"{'#' * level} {escape(block.title)}"
            return "\n\n".join([head, *(_block(each, level + 1) for each in block.blocks)])
    assert_never(block)


def _finding(finding: Finding) -> str:
    conditions = [_table(finding.conditions)] if finding.conditions else []
    return "\n\n".join([f"**{escape(finding.title)}**", *map(escape, finding.lines), *conditions])


def _table(table: Table) -> str:
    """Return a table whose columns of figures stand to the right."""
    heads = [escape(header_text(each)) for each in table.headers]
    rules = ["---:" if is_numeric(column) else "---" for column in zip(*table.rows, strict=True)]
    rules = rules or ["---"] * len(heads)
    rows = [[_cell(cell) for cell in row] for row in table.rows]
    title = [escape(table.title), ""] if table.title else []
    notes = [line for note in table.notes for line in ("", escape(note))]
    return "\n".join([*title, *map(_row, [heads, rules, *rows]), *notes])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    """Return a cell on one line, a dash for one that has nothing to say."""
    if cell is None:
        return NOTHING
    return "<br>".join(" ".join(escape(part_text(part)).split("\n")) for part in parts_of(cell))
