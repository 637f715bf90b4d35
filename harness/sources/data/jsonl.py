"""Rows from a file of JSON lines: objects with the strings `prompt` and `completion`."""

import json
from collections.abc import Sequence
from pathlib import Path

from harness.errors import TaskError
from harness.sources.data._base import COLUMNS, DataContext, DataSource, Row
from harness.spec.records import Data


class JsonlSource(DataSource):
    """`path` alone; other columns are left out."""

    def rows(self, declared: Data, context: DataContext) -> Sequence[Row]:
        """Read the file; every wrong line is named."""
        del context
        path = Path(str(declared.path))
        wrong: list[str] = []
        read: list[Row] = []
        # Of a text, splitlines would also break at characters inside a string.
        for number, line in enumerate(_content(path).splitlines(), start=1):
            row = _parse(line)
            if row is None:
                wrong.append(f"{path}:{number}: not an object, in UTF-8, with the strings `prompt` and `completion`")
            else:
                read.append(row)
        if wrong or not read:
            raise TaskError("\n".join(wrong) or f"{path} holds no training rows.")
        return read


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TaskError(f"{path}: cannot be read: {error.strerror}.") from error


def _parse(line: bytes) -> Row | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    whole = isinstance(row, dict) and all(isinstance(row.get(column), str) for column in COLUMNS)
    return {column: row[column] for column in COLUMNS} if whole else None
