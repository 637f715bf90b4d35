"""Rows of a table as they stand in a file or in memory: CSV, JSON lines, parquet, a data frame; nothing is believed."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from harness.errors import ComparisonError, MissingExtraError
from harness.extras import install_command
from harness.paths import LARGEST_RECORD, open_regular, read_regular

SUFFIXES = (".csv", ".jsonl", ".parquet")
"""Names of files that are tables."""

_LONGEST_HEAD = 1 << 20
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A table's rows with the number by which a user finds each: a ``line`` of a file, else a ``row``, from 1.

    `texts` says that every value is a text, as in CSV, where a number is written in one.
    """

    name: str
    unit: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[int, Mapping[str, Any]]]
    texts: bool = False


def is_table(path: Path) -> bool:
    """Say whether a path is that of a table by its name."""
    return path.suffix.lower() in SUFFIXES


def columns_of(path: Path) -> frozenset[str]:
    """Return the columns that a table's first line or schema names; none where it cannot be read."""
    with suppress(OSError, ValueError, csv.Error, ComparisonError, MissingExtraError, RecursionError):
        if path.suffix.lower() == ".parquet":
            return frozenset(_arrow_parquet(path).read_schema(io.BytesIO(read_regular(path, LARGEST_RECORD))).names)
        with open_regular(path) as stream:
            head = stream.readline(_LONGEST_HEAD).decode("utf-8-sig")
        if path.suffix.lower() == ".csv":
            return frozenset(next(csv.reader([head]), []))
        first = json.loads(head)
        return frozenset(first) if isinstance(first, dict) else frozenset()
    return frozenset()


def rows_of_file(path: Path) -> Rows:
    """Read a file. Raises `ComparisonError` with the lines that are damaged, `MissingExtraError` for parquet."""
    if not is_table(path):
        raise ComparisonError(f"{path} is not a table: its name ends in none of {', '.join(SUFFIXES)}.")
    reader = {".csv": _csv, ".jsonl": _json_lines, ".parquet": _parquet}[path.suffix.lower()]
    try:
        return reader(path, read_regular(path, LARGEST_RECORD))
    except OSError as error:
        raise ComparisonError(f"{path} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise ComparisonError(f"{path} is not text in UTF-8 (byte {error.start}).") from error


def rows_in_memory(table: Any) -> Rows:
    """Return the rows of a data frame (pandas, polars), an arrow table, or a list of mappings or of `Score`.

    Raises `ComparisonError` for anything else.
    """
    if hasattr(table, "to_pylist"):
        found = table.to_pylist()
    elif hasattr(table, "to_dicts"):
        found = table.to_dicts()
    elif hasattr(table, "to_dict") and hasattr(table, "notna"):
        found = table.astype(object).where(table.notna(), None).to_dict("records")
    elif isinstance(table, Iterable) and not isinstance(table, Mapping | str | bytes):
        found = [each._asdict() if hasattr(each, "_asdict") else each for each in table]
    else:
        found = [table]
    if not all(isinstance(each, Mapping) for each in found):
        raise ComparisonError(
            f"a {type(table).__name__} is no table of scores: give a data frame, an arrow table, a list of mappings, "
            f"or a file whose name ends in {', '.join(SUFFIXES)}."
        )
    columns = tuple(dict.fromkeys(str(name) for each in found[:1] for name in each))
    return Rows(name="the table", unit="row", columns=columns, rows=list(enumerate(found, start=1)))


def _csv(path: Path, content: bytes) -> Rows:
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
    rows: list[tuple[int, Mapping[str, Any]]] = []
    uneven: list[int] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        start = reader.line_num + 1
        for fields in reader:
            if len(fields) == len(header):
                rows.append((start, dict(zip(header, fields, strict=True))))
            elif fields:
                uneven.append(start)
            start = reader.line_num + 1
    except csv.Error as error:
        raise ComparisonError(f"{path}:{reader.line_num}: {error}: this is not CSV, or it was cut off.") from error
    repeated = [name for name, count in Counter(header).items() if count > 1]
    if repeated:
        raise ComparisonError(f"{path} has several columns called {', '.join(repeated)}.")
    if uneven:
        raise ComparisonError(
            f"{path}: {len(uneven)} rows do not have {len(header)} fields as the first has "
            f"(line {_some(uneven)}): fields are separated by commas, and those with a comma stand in double quotes."
        )
    return Rows(name=str(path), unit="line", columns=tuple(header), rows=rows, texts=True)


def _json_lines(path: Path, content: bytes) -> Rows:
    rows: list[tuple[int, Mapping[str, Any]]] = []
    damaged: list[int] = []
    for number, line in enumerate(content.decode("utf-8-sig").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            rows.append((number, row))
        else:
            damaged.append(number)
    if damaged:
        raise ComparisonError(f"{path}: {len(damaged)} lines are not a JSON object each (line {_some(damaged)}).")
    columns = tuple(dict.fromkeys(name for _, row in rows for name in row))
    return Rows(name=str(path), unit="line", columns=columns, rows=rows)


def _parquet(path: Path, content: bytes) -> Rows:
    try:
        found = _arrow_parquet(path).read_table(io.BytesIO(content)).to_pylist()
    except (OSError, ValueError) as error:  # what arrow raises is one of these
        raise ComparisonError(f"{path} is not a parquet file, or it was cut off ({error}).") from error
    columns = tuple(found[0]) if found else ()
    return Rows(name=str(path), unit="row", columns=columns, rows=list(enumerate(found, start=1)))


def _arrow_parquet(path: Path) -> Any:
    try:
        return import_module("pyarrow.parquet")
    except ImportError as error:
        raise MissingExtraError(
            f"{path} takes pyarrow, which is not installed: `{install_command('parquet')}` brings it; CSV and JSON "
            "lines take nothing."
        ) from error


def _some(numbers: Iterable[int]) -> str:
    return ", ".join(_shortened(list(numbers)))


def _shortened(numbers: Sequence[int]) -> Iterator[str]:
    yield from map(str, numbers[:_SHOWN])
    if len(numbers) > _SHOWN:
        yield f"and {len(numbers) - _SHOWN} more"
