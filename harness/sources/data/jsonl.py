"""Rows from a file of JSON lines, or from a file that is one JSON list of objects."""

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.errors import TaskError
from harness.paths import LARGEST_DATA, read_regular
from harness.sources.data._base import DataContext, DataSource, Row
from harness.sources.data.shapes import Numbered, Unreadable, numbered, shaped
from harness.spec.records import Data

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"


class JsonlSource(DataSource):
    """`path`, and perhaps `columns`; columns that no shape of rows needs are left out."""

    def rows(self, declared: Data, context: DataContext) -> Sequence[Row]:
        """Read the file; blank lines are none of its rows."""
        path = Path(str(declared.path))
        return shaped(str(path), _objects(file_content(path), path), declared.columns, context)


def _objects(content: bytes, path: Path) -> Iterator[Numbered]:
    if content.lstrip().startswith(b"["):
        yield from numbered(_listed(content, path))
        return
    # Of a text, splitlines would also break at characters inside a string.
    for number, line in enumerate(content.splitlines(), start=1):
        if line.strip():
            yield f"line {number}", _parsed(line)


def _listed(content: bytes, path: Path) -> list[Any]:
    try:
        return list(json.loads(content))
    except (ValueError, RecursionError) as error:
        raise TaskError(f"{path}: it begins as a list of JSON and is not whole: {error}.") from error


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except UnicodeDecodeError:
        return Unreadable("not in UTF-8")
    except (ValueError, RecursionError) as error:
        return Unreadable(f"not JSON ({error})")


def file_content(path: Path) -> bytes:
    """Return a file's bytes without a byte order mark, unpacked where it is gzip. Raises `TaskError`."""
    try:
        content = read_regular(path, LARGEST_DATA)
        return (gzip.decompress(content) if content.startswith(_GZIP) else content).removeprefix(_BOM)
    except EOFError as error:
        raise TaskError(f"{path}: a gzip file that was cut off.") from error
    except OSError as error:
        raise TaskError(f"{path}: cannot be read: {error.strerror or error}.") from error
