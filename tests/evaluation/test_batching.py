"""Which requests share a row, which rows a batch, and a batch's tensors on a case small enough to write out."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.evaluation.batching import (
    OVERHEAD,
    PADDING,
    SharedRow,
    attention_mask,
    cut_into_batches,
    lay_out,
    share_rows,
)


def request(context, option):
    return (("", ""), list(context), list(option))


def test_neighbouring_requests_with_one_context_share_a_row():
    (row,) = share_rows([request("ab", "cd"), request("ab", "ef"), request("ab", "g")], budget=100)
    assert row.requests == (0, 1, 2)
    assert row.length == 2 + 1 + 1 + 0


def test_the_longest_row_comes_first_and_equals_keep_their_order():
    found = share_rows([request("a", "bc"), request("d", "ef"), request("ghij", "kl")], budget=100)
    assert [row.requests for row in found] == [(2,), (0,), (1,)]


def test_more_options_than_fit_take_another_row():
    found = share_rows([request("abc", "de") for _ in range(5)], budget=5)
    assert sorted(row.requests for row in found) == [(0, 1), (2, 3), (4,)]


tokens = st.lists(st.integers(0, 3), min_size=1, max_size=6)
asked = st.lists(st.builds(request, tokens, tokens), min_size=1, max_size=30)


@given(asked, st.integers(1, 20), st.integers(1, 5))
def test_every_request_stands_in_exactly_one_row_of_one_batch(requests, budget, size):
    ordered = share_rows(requests, budget=budget)
    cut = cut_into_batches(ordered, size=size, budget=budget)
    assert [row for batch in cut for row in batch] == ordered
    assert sorted(place for row in ordered for place in row.requests) == list(range(len(requests)))
    for row in ordered:
        assert [(list(row.prompt), list(option)) for option in row.options] == [
            (requests[place][1], requests[place][2]) for place in row.requests
        ]


@given(asked, st.integers(1, 20), st.integers(1, 5))
def test_a_batch_keeps_to_its_size_and_budget_unless_it_is_one_row(requests, budget, size):
    for batch in cut_into_batches(share_rows(requests, budget=budget), size=size, budget=budget):
        assert len(batch) <= size
        assert len(batch) == 1 or len(batch) * max(row.length for row in batch) <= budget


def cost(cut):
    return sum(OVERHEAD + len(batch) * batch[0].length for batch in cut)


@given(asked, st.integers(1, 5))
def test_no_cut_at_fixed_steps_is_cheaper(requests, size):
    ordered = share_rows(requests, budget=50)
    found = cost(cut_into_batches(ordered, size=size, budget=1000))
    for step in range(1, size + 1):
        assert found <= cost([ordered[start : start + step] for start in range(0, len(ordered), step)])


def test_a_long_row_is_not_joined_by_short_ones():
    found = share_rows([request("x" * 100, "ab"), *(request([n], "ab") for n in range(3))], budget=200)
    assert [len(batch) for batch in cut_into_batches(found, size=8, budget=2048)] == [1, 3]


FIRST = SharedRow(prompt=[10, 11], options=([20, 21], [30], [40, 41, 42]), requests=(0, 1, 2))
SECOND = SharedRow(prompt=[12], options=([50, 51],), requests=(3,))
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
