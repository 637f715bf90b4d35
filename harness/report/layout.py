"""How text is laid out: tables whose cells are stacked and prose that is folded, for a terminal of 100 columns."""

import textwrap
from collections.abc import Sequence

from tabulate import tabulate

from harness.spec.records import Experiment

WIDTH = 100
"""Columns that a report takes wherever its names allow: it is kept, sent and quoted, so no terminal decides."""


def table(rows: Sequence[Sequence[object]], headers: Sequence[str]) -> str:
    """Return a table whose numbers stay as they are written; a line break in a cell or heading stacks it."""
    return tabulate(rows, headers=headers, disable_numparse=True)


def prose(text: str, *, indent: str = "", width: int = WIDTH) -> str:
    """Return each line of a text folded at the width and indented; names and numbers are never cut."""
    lines = (cell(line, width - len(indent)) for line in text.splitlines())
    return textwrap.indent("\n".join(lines), indent)


def cell(text: str, width: int) -> str:
    """Return a line folded at the width, as for a table's cell; names and numbers are never cut."""
    return textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)


def head(experiment: Experiment) -> str:
    """Return an experiment's name and what it asks."""
    return prose(f"{experiment.name}: {experiment.description}" if experiment.description else experiment.name)
