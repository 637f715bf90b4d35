"""A user's questions: JSON lines read with every mistake named by file and row."""

import codecs
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from harness import text
from harness.errors import TaskError
from harness.paths import LARGEST_RECORD, read_regular

Kind = Literal["multiple_choice", "generative", "perplexity"]
KINDS: tuple[Kind, ...] = ("multiple_choice", "generative", "perplexity")
TEXT_FIELDS: Mapping[Kind, tuple[str, ...]] = {
    "multiple_choice": ("question",),
    "generative": ("question", "answer"),
    "perplexity": ("text",),
}
_READ = frozenset({"id", "cluster", "question", "choices", "answer", "text"})
"""Fields with rules of their own."""
_KINDS_OF_VALUE = {
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
}
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def read(path: Path, kind: Kind, *, prefix: str = "") -> list[dict[str, Any]]:
    """Return the documents in `path`; a multiple-choice answer given as text becomes its index.

    A document without an `id` or `cluster` gets its row number, behind `prefix`. Raises `TaskError` with every wrong
    row at once.
    """
    wrong: list[str] = []
    documents = []
    seen = _Seen()
    for number, line in _lines(path):
        row = _parsed(line)
        mistakes = [row] if isinstance(row, str) else [*_mistakes(row, kind), *seen.mistakes(row, number)]
        wrong += [f"{path}:{number}: {mistake}" for mistake in mistakes]
        if isinstance(row, dict) and not mistakes:
            documents.append(_document(row, f"{prefix}{number}", kind))
    if not documents and not wrong:
        wrong.append(f"{path}: no rows; a split needs at least one document")
    if wrong:
        raise TaskError("\n".join(wrong))
    return documents


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        content = read_regular(path, LARGEST_RECORD)
    except OSError as error:
        raise TaskError(f"{path}: cannot be read: {error.strerror}.") from error
    lines = content.removeprefix(codecs.BOM_UTF8).splitlines()
    return ((number, line) for number, line in enumerate(lines, 1) if line.strip())


def _parsed(line: bytes) -> dict[str, Any] | str:
    """Return the row, or what is wrong with it."""
    try:
        row = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return f"byte {error.start + 1} is not UTF-8; save the file as UTF-8"
    except json.JSONDecodeError as error:
        return f"not JSON: {error.msg} at column {error.colno}; write one object a line"
    except (ValueError, RecursionError) as error:
        return f"not JSON that can be read: {error}"
    if not isinstance(row, dict):
        return f"a {type(row).__name__} where an object with fields is needed"
    half = _LONE_SURROGATE.search(json.dumps(row, ensure_ascii=False))
    return f"{half[0]!r} is half of a character (a lone surrogate); write the character itself" if half else row


class _Seen:
    """What the rows so far have used up: names, and one kind of value for each field of a table."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._kinds: dict[str, tuple[str, int]] = {}

    def mistakes(self, row: Mapping[str, Any], number: int) -> Iterator[str]:
        identity = str(number if row.get("id") is None else row["id"])
        first = self._ids.setdefault(identity, number)
        if first != number:
            yield f"the id {identity!r} is that of row {first}; give each row its own, or none"
        for name in row.keys() - _READ:
            value = _KINDS_OF_VALUE.get(type(row[name]))
            kind, at = self._kinds.setdefault(name, (value, number)) if value else (value, number)
            if kind != value:
                yield f"{name!r} is {value}, and {kind} in row {at}; one field holds one kind of value"


def _mistakes(row: Mapping[str, Any], kind: Kind) -> Iterator[str]:
    for name in TEXT_FIELDS[kind]:
        if not isinstance(row.get(name), str) or not row[name].strip():
            yield f"no {name!r}; it must be a non-empty text"
    if kind == "multiple_choice":
        yield from _choice_mistakes(row)


def _choice_mistakes(row: Mapping[str, Any]) -> Iterator[str]:
    choices = row.get("choices")
    if not isinstance(choices, list) or not all(isinstance(each, str) and each.strip() for each in choices):
        yield "no 'choices'; it must be a list of non-empty texts"
        return
    if len(choices) < 2:  # noqa: PLR2004 - a choice is between two things at least
        yield f"{len(choices)} option(s) in 'choices'; a choice needs two at least"
    bare = [text.squeeze(each).casefold() for each in choices]
    twice = sorted({each for each, plain in zip(choices, bare, strict=True) if bare.count(plain) > 1})
    if twice:
        yield f"options given twice: {', '.join(map(repr, twice))}; they must differ in more than case and spaces"
    yield from _answer_mistakes(row.get("answer"), choices)


def _answer_mistakes(answer: Any, choices: Sequence[str]) -> Iterator[str]:
    if answer is None:
        yield "no 'answer'; give the text of the right option or its index from 0"
    elif isinstance(answer, bool) or not isinstance(answer, int | str):
        yield f"the answer {answer!r} is neither a text nor an index"
    elif isinstance(answer, str) and answer not in choices:
        yield f"the answer {answer!r} is not among the choices {choices}"
    elif isinstance(answer, int) and not 0 <= answer < len(choices):
        yield f"the answer's index {answer} is not from 0 to {len(choices) - 1}"


def _document(row: Mapping[str, Any], number: str, kind: Kind) -> dict[str, Any]:
    named = {name: number if row.get(name) is None else str(row[name]) for name in ("id", "cluster")}
    document = {"form": "", **row, **named}
    if kind == "multiple_choice" and isinstance(row["answer"], str):
        document["answer"] = row["choices"].index(row["answer"])
    return document
