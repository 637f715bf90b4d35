"""The tensors of a batch, on a case small enough to write out."""

import torch

from harness.evaluation.layout import PADDING, attention_mask, lay_out
from harness.evaluation.rows import Row

FIRST = Row(prompt=[10, 11], options=([20, 21], [30], [40, 41, 42]), requests=(0, 1, 2))
SECOND = Row(prompt=[12], options=([50, 51],), requests=(3,))
LAYOUT = lay_out([FIRST, SECOND], pad=9)


def test_options_stand_beside_each_other_without_their_last_token():
    assert LAYOUT.ids.tolist() == [[10, 11, 20, 40, 41], [12, 50, 9, 9, 9]]
    assert LAYOUT.blocks.tolist() == [[0, 0, 1, 3, 3], [0, 1, PADDING, PADDING, PADDING]]


def test_every_option_starts_at_the_position_after_the_prompt():
    assert LAYOUT.positions.tolist() == [[0, 1, 2, 2, 3], [0, 1, 0, 0, 0]]


def test_first_answer_tokens_share_the_prompts_last_place():
    at = list(zip(LAYOUT.at_row.tolist(), LAYOUT.at_column.tolist(), strict=True))
    read = [LAYOUT.ids[row, column].item() for row, column in at]
    assert read == [11, 20, 40, 41, 12, 50]
    assert LAYOUT.target.tolist() == [20, 21, 30, 40, 41, 42, 50, 51]
    assert [read[place] for place in LAYOUT.place] == [11, 20, 11, 11, 40, 41, 12, 50]
    assert LAYOUT.lengths == [2, 1, 3, 2]


def test_an_option_sees_the_prompt_and_itself_alone():
    mask = attention_mask(LAYOUT, torch.float32)
    assert mask.shape == (2, 1, 5, 5)
    assert (mask[0, 0] == 0).int().tolist() == [
        [1, 0, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [1, 1, 1, 0, 0],
        [1, 1, 0, 1, 0],
        [1, 1, 0, 1, 1],
    ]
    assert mask.min() == torch.finfo(torch.float32).min


def test_no_token_sees_nothing_and_no_token_of_a_row_sees_padding():
    visible = attention_mask(LAYOUT, torch.float32)[1, 0] == 0
    assert visible.any(-1).all()
    assert not visible[:2, 2:].any()
