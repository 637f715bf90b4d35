"""The pairs as a CSV file that a spreadsheet opens: a row a pair, with empty columns for the marks."""

import csv
import io
from collections.abc import Sequence

from harness.ratings.draw import Pair
from harness.ratings.marks import COLUMNS, PAIR, TEXTS
from harness.text import visible

_BOM = "\ufeff"
"""Tells a spreadsheet that the text is UTF-8; nothing else does."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What begins so is computed by a spreadsheet, or refused, where it should be shown."""


def sheet(pairs: Sequence[Pair]) -> str:
    """Return the sheet. A text that a spreadsheet would take for a formula begins with an apostrophe."""
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for each in pairs:
        texts = dict(zip(TEXTS, (each.question, each.answer_a, each.answer_b), strict=True))
        writer.writerow({PAIR: each.name, **{name: _shown(text) for name, text in texts.items()}})
    return _BOM + table.getvalue()


def _shown(text: str) -> str:
    plain = visible(text.strip())
    return f"'{plain}" if plain.startswith(_FORMULA) else plain
