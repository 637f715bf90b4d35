"""Rows from a file of comma-separated values (``.tsv``: tabs) whose first line names the columns."""

import csv
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.errors import TaskError
from harness.sources.data._base import DataContext, DataSource, Row
from harness.sources.data.jsonl import file_content
from harness.sources.data.shapes import Numbered, Unreadable, shaped
from harness.spec.records import Data


class CsvSource(DataSource):
    """`path`, and perhaps `columns`. An empty cell is a null, which CSV has no other way to write."""

    def rows(self, declared: Data, context: DataContext) -> Sequence[Row]:
        """Read the file; blank lines are none of its rows."""
        path = Path(str(declared.path))
        try:
            text = file_content(path).decode("utf-8")
        except UnicodeDecodeError as error:
            raise TaskError(f"{path}: not in UTF-8 (byte {error.start}). Save it as UTF-8.") from error
        return shaped(str(path), _lines(text, path), declared.columns, context)


def _lines(text: str, path: Path) -> Iterator[Numbered]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # a text may be longer than the 128 KiB that it allows
    delimiter = "\t" if ".tsv" in path.suffixes else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if any(not isinstance(cell, str) or cell.strip() for cell in row.values() if cell is not None):
                yield f"line {reader.line_num}", _cells(row)
    except csv.Error as error:
        raise TaskError(f"{path}: after line {reader.line_num}: not comma-separated values: {error}.") from error


def _cells(row: dict[str | None, str | list[str] | None]) -> object:
    """Return a row's cells; a row that is longer than the first line says has some under None."""
    if None in row:
        return Unreadable("more cells than the first line names columns; a text with a comma stands in quotes")
    return {name: value or None for name, value in row.items()}
