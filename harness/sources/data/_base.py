"""The contract of a source of training rows, which a third party's package may keep too."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.contamination import Passage
from harness.spec.records import Data
from harness.suites.weights import WEIGHT

COLUMNS = ("prompt", "completion")

RENDERED = "rendered"
"""The key of a row that a chat template wrote whole: no special token is put before it and none behind."""

Row = Mapping[str, str]
"""A training example: the strings `prompt` and `completion`, the space between them at the completion's start.

A conversation's row has `RENDERED` beside them, a row that counts more or less in the loss its `weight`, as the text of
a number. What a row is like may stand there too, `form`, `subject` and `cluster`: it is not trained on, rows are drawn
in proportion over it, and answers are dealt anew within a form.
"""

Render = Callable[[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]], tuple[str, str]]
"""Renders the messages of a prompt and those of its completion as two texts, as TRL renders them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataContext:
    """What a source may need to know of the experiment beside its own declaration.

    Declarations are looked up in `beside`, the folder of the spec, then in the folders of `include`. `chat_template`
    renders a list of ``{"role", "content"}`` messages where the experiment evaluates with the tokenizer's template;
    None where it does not, and for passages, in which a template states nothing. `render` renders the messages of
    conversations, whatever the experiment evaluates with; it raises `TaskError` where the tokenizer has no template,
    and is None for passages.
    """

    beside: Path
    include: tuple[Path, ...] = ()
    chat_template: Callable[..., str] | None = None
    render: Render | None = None


class DataSource(ABC):
    """Where training rows come from; `Data.source` names it, `Data.options` are a third party's own fields.

    Ownership: a source is made without arguments whenever it is asked something, keeps nothing between two calls, and
    leaves what it returns to the caller. Concurrency: several processes may read the same declaration at once; a source
    that downloads does so into a cache that bears this. Determinism: one declaration gives the same rows in the same
    order, whoever asks and when; what is drawn is drawn with a seed among the options. A cell's identity follows from a
    digest of the rows.

    Errors: `SourceError` where the data cannot be reached, `NotInCacheError` where they would have to be downloaded and
    the environment forbids it (``HARNESS_OFFLINE`` or ``HF_HUB_OFFLINE`` is set), `TaskError` where they are there and
    wrong: everything that is wrong at once, with file and line. A split without rows is an error.
    """

    @abstractmethod
    def rows(self, declared: Data, context: DataContext) -> Sequence[Row]:
        """Return the rows of the `declared.split`, one at least.

        It is ``train``, or ``validation`` where the rows that decide about training are asked for.
        """

    def passages(self, declared: Data, context: DataContext) -> Iterator[Passage]:
        """Yield every row as the contamination check compares it; its `id` is what a user finds the row by.

        Unless a source knows better, rows are numbered from 1 and all of a row's text states its fact.
        """
        for number, row in enumerate(self.rows(declared, context), start=1):
            whole = f"{row['prompt']} {row['completion']}"
            yield Passage(str(number), whole, whole)


def rows_sha256(rows: Iterable[Row]) -> str:
    """Return a SHA-256 of the rows' texts in order, which of them a chat template wrote whole, and their weights."""
    whole = hashlib.sha256()
    for row in rows:
        texts = [row[column] for column in (*COLUMNS, RENDERED, WEIGHT) if column in row]
        whole.update(json.dumps(texts).encode() + b"\n")
    return whole.hexdigest()
