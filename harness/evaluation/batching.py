"""Requests in shared rows, rows in batches, batches as tensors: on token ids alone.

A row is one prompt with as many of its options as fit beside each other. Rows are sorted by length and cut into
batches; which request stands in which batch depends on the requests alone, never on the model, so that every
model of an experiment is scored in the same batches. As tensors, a row holds its prompt, then its options one after the
other, then padding. Every option continues the prompt: its positions start after the prompt's, it sees the prompt and
itself, and no other option.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

Tokens = Sequence[int]
Request = tuple[tuple[str, str] | None, list[int], list[int]]
"""lm-eval's tokenized request: its strings, the context's tokens, the continuation's tokens."""

OVERHEAD = 16
"""What a batch costs besides its tokens, in tokens: 45 ms against 3 ms a token on one core, 135M parameters."""

PADDING = -1
"""The number of the block that padding makes."""


@dataclass(frozen=True, slots=True)
class SharedRow:
    """A prompt and its options. `requests[i]` is the place of option i among the requests that came in."""

    prompt: Tokens
    options: tuple[Tokens, ...]
    requests: tuple[int, ...]

    @property
    def length(self) -> int:
        """Tokens that the model reads: an option's last token is predicted, never read."""
        return len(self.prompt) + sum(len(option) - 1 for option in self.options)


def share_rows(requests: Sequence[Request], *, budget: int) -> list[SharedRow]:
    """Group neighbouring requests with the same context, at most `budget` tokens a row where that is possible.

    The longest row comes first; rows of one length stand in the order of their requests.
    """
    numbered = enumerate(requests)
    groups = itertools.groupby(numbered, key=lambda pair: pair[1][1])
    found = [row for prompt, group in groups for row in _split(prompt, group, budget)]
    return sorted(found, key=lambda row: (-row.length, row.requests))


def _split(prompt: Tokens, group: Iterable[tuple[int, Request]], budget: int) -> Iterator[SharedRow]:
    options: list[Tokens] = []
    places: list[int] = []
    length = len(prompt)
    for place, (_, _, option) in group:
        if options and length + len(option) - 1 > budget:
            yield SharedRow(prompt, tuple(options), tuple(places))
            options, places, length = [], [], len(prompt)
        options.append(option)
        places.append(place)
        length += len(option) - 1
    yield SharedRow(prompt, tuple(options), tuple(places))


def cut_into_batches(ordered: Sequence[SharedRow], *, size: int, budget: int) -> list[list[SharedRow]]:
    """Cut rows, longest first, into the batches that cost least, by dynamic programming.

    A batch is padded to its longest row, holds at most `size` rows and, unless it is a single row, at most
    `budget` tokens, padding included. Its cost is its tokens plus `OVERHEAD`. Linear in rows times `size`.
    """
    costs = [0] * (len(ordered) + 1)
    lengths = [0] * len(ordered)
    for start in reversed(range(len(ordered))):
        longest = ordered[start].length
        fitting = min(size, max(1, budget // longest), len(ordered) - start)
        costs[start], negative = min(
            (OVERHEAD + count * longest + costs[start + count], -count) for count in range(1, fitting + 1)
        )
        lengths[start] = -negative
    return _cut(ordered, lengths)


def _cut(ordered: Sequence[SharedRow], lengths: Sequence[int]) -> list[list[SharedRow]]:
    """Return the rows in batches; `lengths[i]` is the length of the batch that would start at row i."""
    cut = []
    start = 0
    while start < len(ordered):
        cut.append(list(ordered[start : start + lengths[start]]))
        start += lengths[start]
    return cut


@dataclass(frozen=True, slots=True)
class Layout:
    """Tensors of a batch of R rows, padded to L columns, with P predicting places and T answer tokens.

    `ids`, `positions`, `blocks`: (R, L). A block is 0 in the prompt, 1, 2, … in the options, `PADDING` after.
    `at_row`, `at_column`: (P,) the places whose next token is an answer's; a prompt's end is one place for the
    first tokens of all its options. `place`, `target`: (T,) an answer token and the place that predicts it.
    `lengths`: answer tokens of each option, in the order of the rows' options.
    """

    ids: Tensor
    positions: Tensor
    blocks: Tensor
    at_row: Tensor
    at_column: Tensor
    place: Tensor
    target: Tensor
    lengths: list[int]


def lay_out(batch: Sequence[SharedRow], *, pad: int) -> Layout:
    """Write the rows' tokens side by side; `pad` fills what is over."""
    width = max(row.length for row in batch)
    at: list[tuple[int, int]] = []
    place: list[int] = []
    for number, row in enumerate(batch):
        columns, places = _answers(row)
        place += [len(at) + each for each in places]
        at += [(number, column) for column in columns]
    at_row, at_column = torch.tensor(at).unbind(-1)
    options = [option for row in batch for option in row.options]
    return Layout(
        ids=torch.tensor([_filled(_ids(row), width, pad) for row in batch]),
        positions=torch.tensor([_filled(_positions(row), width, 0) for row in batch]),
        blocks=torch.tensor([_filled(_blocks(row), width, PADDING) for row in batch]),
        at_row=at_row,
        at_column=at_column,
        place=torch.tensor(place),
        target=torch.tensor([token for option in options for token in option]),
        lengths=[len(option) for option in options],
    )


def attention_mask(layout: Layout, dtype: torch.dtype, *, before: int = 0) -> Tensor:
    """Return what each token may see, (R, 1, L, before + L): 0 where it may, the least number of `dtype` elsewhere.

    All see the `before` tokens that the model has read already. A padding token sees its row's first token: a softmax
    over nothing would be NaN.
    """
    reader, read = layout.blocks[:, :, None], layout.blocks[:, None, :]
    earlier = layout.positions[:, None, :] <= layout.positions[:, :, None]
    visible = ((read == 0) | (read == reader)) & earlier
    mask = torch.zeros(visible.shape, dtype=dtype)
    mask.masked_fill_(~visible, torch.finfo(dtype).min)
    return functional.pad(mask, (before, 0))[:, None]


def _filled(values: list[int], width: int, filling: int) -> list[int]:
    return values + [filling] * (width - len(values))


def _ids(row: SharedRow) -> list[int]:
    return [*row.prompt, *(token for option in row.options for token in option[:-1])]


def _positions(row: SharedRow) -> list[int]:
    start = len(row.prompt)
    return [*range(start), *(start + step for option in row.options for step in range(len(option) - 1))]


def _blocks(row: SharedRow) -> list[int]:
    numbered = enumerate(row.options, start=1)
    return [0] * len(row.prompt) + [number for number, option in numbered for _ in option[:-1]]


def _answers(row: SharedRow) -> tuple[list[int], list[int]]:
    """Return the row's predicting columns, and for each answer token which of them predicts it.

    The first is the prompt's last; the others are all columns after the prompt.
    """
    columns = list(range(len(row.prompt) - 1, row.length))
    places: list[int] = []
    read = 0
    for option in row.options:
        places += [0, *range(read + 1, read + len(option))]
        read += len(option) - 1
    return columns, places
