"""Prompts as they stand in a file: a line each, or a column of a table; nothing of them is believed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.compare.sources.rows import SUFFIXES, Rows, is_table, rows_of_file
from harness.errors import ComparisonError, MissingExtraError
from harness.paths import LARGEST_RECORD, file_sha256, read_regular
from harness.statistics.shift import FEWEST
from harness.text import several, visible

DEFAULT_FIELD = "prompt"
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompts:
    """The prompts of a file in its order, by its path and the SHA-256 of its bytes."""

    path: str
    sha256: str
    texts: tuple[str, ...]


def read_both(old: Path, new: Path, field: str | None = None) -> tuple[Prompts, Prompts]:
    """Return the prompts of two files.

    A file whose name ends in one of a table's (CSV, JSON lines, parquet) has them in the column `field` (``prompt``);
    any other is text with one a line, blank lines left out. Raises `ComparisonError` with everything that is wrong with
    both files.
    """
    found, problems = list[Prompts](), list[str]()
    for path in (old, new):
        try:
            found.append(_read(path, field))
        except (ComparisonError, MissingExtraError) as error:
            problems.append(str(error))
    if field is not None and not any(map(is_table, (old, new))):
        problems.append(f"--field {field}: neither file is a table, whose name ends in one of {', '.join(SUFFIXES)}.")
    if problems:
        raise ComparisonError("\n".join(problems))
    return found[0], found[1]


def _read(path: Path, field: str | None) -> Prompts:
    texts = _column(path, field or DEFAULT_FIELD) if is_table(path) else _lines(path)
    if len(texts) < FEWEST:
        what = {0: "no prompt", 1: "one prompt"}.get(len(texts), f"{len(texts)} prompts")
        raise ComparisonError(f"{path} has {what}; {FEWEST} at least are needed to set one set against the other.")
    return Prompts(path=str(path), sha256=file_sha256(path), texts=tuple(texts))


def _lines(path: Path) -> Sequence[str]:
    try:
        content = read_regular(path, LARGEST_RECORD)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise ComparisonError(f"{path} cannot be read ({error.strerror or error}).") from error
    except UnicodeDecodeError as error:
        raise ComparisonError(f"{path} is not text in UTF-8 (byte {error.start}). Give one prompt a line.") from error
    if "\0" in text:
        raise ComparisonError(f"{path} is not text: byte {content.index(0)} is 0. Give one prompt a line.")
    return [line.strip() for line in text.split("\n") if line.strip()]


def _column(path: Path, field: str) -> Sequence[str]:
    table = rows_of_file(path)
    if table.rows and not any(field in row for _, row in table.rows):
        columns = several([visible(name) for name in table.columns], _SHOWN) or "none"
        raise ComparisonError(f"{path} has no column {field!r}, it has {columns}. Name the prompts' with --field.")
    wrong = list(_not_texts(table, field))
    if wrong:
        raise ComparisonError(f"{path}: {field!r} is no text with a character in it on {several(wrong, _SHOWN)}.")
    return [str(row[field]).strip() for _, row in table.rows]


def _not_texts(table: Rows, field: str) -> Iterator[str]:
    for number, row in table.rows:
        if not _is_text(row.get(field)):
            yield f"{table.unit} {number}"


def _is_text(value: object) -> bool:
    """Tell whether a value is a text with a character in it and without halves of one, which JSON may hold."""
    return isinstance(value, str) and bool(value.strip()) and not any("\ud800" <= each <= "\udfff" for each in value)
