"""What the rows of a file or data set are by their columns, and each as a prompt and a completion.

Nothing is turned into text that is none: a null, a number or a list where a text is wanted is refused, row by row. A
conversation is rendered by the tokenizer's chat template as TRL renders it; of `messages`, the last answer trains.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import TaskError
from harness.sources.data._base import RENDERED, DataContext, Row
from harness.sources.data.messages import Message, WrongRowError, from_sharegpt, kind_of, messages_in
from harness.suites.drawing import labels_in
from harness.suites.weights import weight_in

_SHOWN = 5

ALPACA = (
    "Below is an instruction that describes a task{paired}. Write a response that appropriately completes the request."
    "\n\n### Instruction:\n{instruction}{input}\n\n### Response:"
)
"""The prompt that Stanford's Alpaca was trained with (Taori et al. 2023)."""

Numbered = tuple[str, Any]
"""Where a row stands, as a user finds it (``line 3``), and what stands there; an `Unreadable` where nothing does."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why nothing could be read at a place."""

    reason: str


Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Shape:
    """The columns that a kind of rows needs, and how one becomes a training row."""

    needs: tuple[str, ...]
    read: Callable[[Raw, DataContext], Row]


def shaped(source: str, rows: Iterable[Numbered], columns: Mapping[str, str], context: DataContext) -> list[Row]:
    """Return the rows of a source, all of one shape; `columns` maps what a shape needs to the source's own columns.

    A row's `form`, `subject`, `cluster` and `weight` come with it.

    Raises `TaskError` with one message: the columns seen, how many rows are wrong, and the first of them.
    """
    found = list(rows)
    seen = sorted({str(name) for _, row in found if isinstance(row, Mapping) for name in row})
    if not found:
        raise TaskError(f"{source} holds no training rows.")
    wrong: list[str] = []
    read: list[Row] = []
    shape = _shape(source, seen, columns, readable=any(isinstance(row, Mapping) for _, row in found))
    for place, row in found:
        try:
            read.append({**shape.read(_mapped(row, columns), context), **labels_in(row), **weight_in(row)})
        except (WrongRowError, ValueError) as error:
            wrong.append(f"{place}: {error}")
    if wrong:
        raise TaskError(_message(source, wrong, len(found), seen))
    return read


def _message(source: str, wrong: Sequence[str], total: int, seen: Sequence[str]) -> str:
    more = f"; and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    columns = f"columns seen: {', '.join(seen)}" if seen else "no columns seen"
    return (
        f"{source}: {len(wrong)} of {total} rows cannot be trained on ({columns}). {'; '.join(wrong[:_SHOWN])}{more}. "
        "Mend these rows or take them out."
    )


def _mapped(row: Any, columns: Mapping[str, str]) -> Raw:
    if isinstance(row, Unreadable):
        raise WrongRowError(row.reason)
    if not isinstance(row, Mapping):
        raise WrongRowError(f"{kind_of(row)} and not an object with columns")
    return {name: row[column] for name, column in columns.items() if column in row} if columns else row


def _shape(source: str, seen: Sequence[str], columns: Mapping[str, str], *, readable: bool) -> _Shape:
    """Return the one shape that the columns make up; where no row can be read, any will say so."""
    if not readable:
        return _SHAPES[0]
    absent = [column for column in columns.values() if column not in seen]
    if absent:
        named = " and ".join(map(repr, absent))
        raise TaskError(f"{source} has no column {named}, which `columns` names; it has {', '.join(seen)}.")
    names = set(columns or seen)
    fitting = [shape for shape in _SHAPES if names.issuperset(shape.needs)]
    if len(fitting) == 1:
        return fitting[0]
    known = "; ".join(" and ".join(f"`{name}`" for name in shape.needs) for shape in _SHAPES)
    if fitting:
        both = " as well as ".join(" and ".join(f"`{name}`" for name in shape.needs) for shape in fitting)
        raise TaskError(f"{source} has {both}: say with `columns` which of them trains.")
    told = f"`columns` names {', '.join(columns)}" if columns else f"it has {', '.join(seen) or 'no columns'}"
    raise TaskError(
        f"{source} lacks the columns of training rows; {told}. Wanted is one of: {known}. Other names are mapped: "
        '"columns": {"prompt": "question", "completion": "answer"}.'
    )


def _prompt_completion(row: Raw, context: DataContext) -> Row:
    kinds = {isinstance(row.get(name), list) for name in ("prompt", "completion")}
    if kinds == {False}:
        return {"prompt": _text(row, "prompt"), "completion": _text(row, "completion")}
    if len(kinds) > 1:
        described = (f"`{name}` is {kind_of(row.get(name))}" for name in ("prompt", "completion"))
        raise WrongRowError(f"{' and '.join(described)}; both are texts, or both lists of messages")
    return _conversation(messages_in(row, "prompt"), messages_in(row, "completion"), context)


def _messages(row: Raw, context: DataContext) -> Row:
    return _answered(messages_in(row, "messages"), "messages", context)


def _conversations(row: Raw, context: DataContext) -> Row:
    return _answered(from_sharegpt(row, "conversations"), "conversations", context)


def _answered(messages: Sequence[Message], column: str, context: DataContext) -> Row:
    """Return a conversation whose last message, the assistant's, is what trains."""
    if len(messages) < 2:  # noqa: PLR2004
        raise WrongRowError(f"`{column}` is a single message, with nothing that it answers")
    if messages[-1]["role"] != "assistant":
        raise WrongRowError(f"the last of `{column}` is from {messages[-1]['role']!r}, and the assistant's would train")
    return _conversation(messages[:-1], messages[-1:], context)


def _alpaca(row: Raw, context: DataContext) -> Row:
    instruction, output = _text(row, "instruction"), _text(row, "output")
    given = "" if row.get("input") is None else _text(row, "input")
    if context.chat_template is not None:
        asked = f"{instruction}\n\n{given}" if given else instruction
        question: Message = {"role": "user", "content": asked}
        return _conversation([question], [{"role": "assistant", "content": output}], context)
    paired = ", paired with an input that provides further context" if given else ""
    prompt = ALPACA.format(paired=paired, instruction=instruction, input=f"\n\n### Input:\n{given}" if given else "")
    return {"prompt": prompt, "completion": output}


def _conversation(prompt: Sequence[Message], completion: Sequence[Message], context: DataContext) -> Row:
    if context.render is None:  # whoever compares texts: a template states nothing
        before, answer = ("\n".join(str(each["content"]) for each in part) for part in (prompt, completion))
        return {"prompt": before, "completion": answer, RENDERED: "messages"}
    before, answer = context.render(prompt, completion)
    return {"prompt": before, "completion": answer, RENDERED: "messages"}


def _text(row: Raw, name: str) -> str:
    if name not in row:
        raise WrongRowError(f"no `{name}`")
    value = row[name]
    if not isinstance(value, str):
        raise WrongRowError(f"`{name}` is {kind_of(value)}, and not a text")
    return value


_SHAPES = (
    _Shape(("prompt", "completion"), _prompt_completion),
    _Shape(("messages",), _messages),
    _Shape(("conversations",), _conversations),
    _Shape(("instruction", "output"), _alpaca),
)


def numbered(rows: Iterable[Any], word: str = "row") -> Iterator[Numbered]:
    """Yield rows with their places, counted from 1."""
    return ((f"{word} {number}", row) for number, row in enumerate(rows, start=1))
