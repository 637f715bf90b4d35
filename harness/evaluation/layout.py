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
    ids, positions, blocks = [], [], []
    at: list[tuple[int, int]] = []
    place: list[int] = []
    target: list[int] = []
    for number, row in enumerate(batch):
        over = width - row.length
        read = [option[:-1] for option in row.options]
        first = len(row.prompt)
        ids.append([*row.prompt, *(token for option in read for token in option), *[pad] * over])
        positions.append(
            [*range(first), *(first + step for option in read for step in range(len(option))), *[0] * over]
        )
        numbered = enumerate(read, start=1)
        blocks.append([*[0] * first, *(block for block, option in numbered for _ in option), *[PADDING] * over])
        end_of_prompt = len(at)
        at.append((number, first - 1))
        column = first
        for option in row.options:
            place += [end_of_prompt, *range(len(at), len(at) + len(option) - 1)]
            at += [(number, column + step) for step in range(len(option) - 1)]
            target += option
            column += len(option) - 1
    at_row, at_column = torch.tensor(at).unbind(-1)
    return Layout(
        ids=torch.tensor(ids),
        positions=torch.tensor(positions),
        blocks=torch.tensor(blocks),
        at_row=at_row,
        at_column=at_column,
        place=torch.tensor(place),
        target=torch.tensor(target),
        lengths=[len(option) for row in batch for option in row.options],
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
