"""A user's questions: JSON lines read with every mistake named by file and row."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from harness.errors import TaskError

Kind = Literal["multiple_choice", "generative", "perplexity"]
KINDS: tuple[Kind, ...] = ("multiple_choice", "generative", "perplexity")
TEXT_FIELDS: Mapping[Kind, tuple[str, ...]] = {
    "multiple_choice": ("question",),
    "generative": ("question", "answer"),
    "perplexity": ("text",),
}


def read(path: Path, kind: Kind) -> list[dict[str, Any]]:
    """Return the documents in `path`; a multiple-choice answer given as text becomes its index.

    A document without an `id` or `cluster` gets its row number. Raises `TaskError` with every wrong row at once.
    """
    wrong: list[str] = []
    documents = []
    for number, line in _lines(path):
        row = _parsed(line)
        mistakes = [row] if isinstance(row, str) else list(_mistakes(row, kind))
        wrong += [f"{path}:{number}: {mistake}" for mistake in mistakes]
        if isinstance(row, dict) and not mistakes:
            documents.append(_document(row, number, kind))
    if not documents and not wrong:
        wrong.append(f"{path}: no rows; a split needs at least one document")
    if wrong:
        raise TaskError("\n".join(wrong))
    return documents


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TaskError(f"{path}: cannot be read: {error.strerror}.") from error
    return ((number, line) for number, line in enumerate(content.splitlines(), 1) if line.strip())


def _parsed(line: bytes) -> dict[str, Any] | str:
    """Return the row, or what is wrong with it."""
    try:
        row = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return f"byte {error.start + 1} is not UTF-8; save the file as UTF-8"
    except json.JSONDecodeError as error:
        return f"not JSON: {error.msg} at column {error.colno}; write one object a line"
    return row if isinstance(row, dict) else f"a {type(row).__name__} where an object with fields is needed"


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
    twice = sorted({each for each in choices if choices.count(each) > 1})
    if twice:
        yield f"options given twice: {', '.join(map(repr, twice))}"
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


def _document(row: Mapping[str, Any], number: int, kind: Kind) -> dict[str, Any]:
    document = {"id": str(row.get("id", number)), "cluster": str(row.get("cluster", number)), "form": "", **row}
    if kind == "multiple_choice" and isinstance(row["answer"], str):
        document["answer"] = row["choices"].index(row["answer"])
    return document
