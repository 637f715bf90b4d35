"""A batch of rows as tensors: tokens, positions, the block attention mask, and where answers are predicted.

Each row holds its prompt, then its options one after the other, then padding. Every option continues the
prompt: its positions start after the prompt's, it sees the prompt and itself, and no other option.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from harness.evaluation.rows import Row

PADDING = -1


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


def lay_out(batch: Sequence[Row], *, pad: int) -> Layout:
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


def attention_mask(layout: Layout, dtype: torch.dtype) -> Tensor:
    """Return what each token may see, (R, 1, L, L): 0 where it may, the least number of `dtype` elsewhere.

    A padding token sees its row's first token: a softmax over nothing would be NaN.
    """
    reader, read = layout.blocks[:, :, None], layout.blocks[:, None, :]
    earlier = layout.positions[:, None, :] <= layout.positions[:, :, None]
    visible = ((read == 0) | (read == reader)) & earlier
    mask = torch.zeros(visible.shape, dtype=dtype)
    return mask.masked_fill_(~visible, torch.finfo(dtype).min)[:, None]


def _filled(values: list[int], width: int, filling: int) -> list[int]:
    return values + [filling] * (width - len(values))


def _ids(row: Row) -> list[int]:
    return [*row.prompt, *(token for option in row.options for token in option[:-1])]


def _positions(row: Row) -> list[int]:
    start = len(row.prompt)
    return [*range(start), *(start + step for option in row.options for step in range(len(option) - 1))]


def _blocks(row: Row) -> list[int]:
    numbered = enumerate(row.options, start=1)
    return [0] * len(row.prompt) + [number for number, option in numbered for _ in option[:-1]]


def _answers(row: Row) -> tuple[list[int], list[int]]:
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
