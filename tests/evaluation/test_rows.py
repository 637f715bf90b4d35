"""Which requests share a row, and which rows a batch."""

from hypothesis import given
from hypothesis import strategies as st

from harness.evaluation.rows import OVERHEAD, batches, rows


def request(context, option):
    return (("", ""), list(context), list(option))


def test_neighbouring_requests_with_one_context_share_a_row():
    (row,) = rows([request("ab", "cd"), request("ab", "ef"), request("ab", "g")], budget=100)
    assert row.requests == (0, 1, 2)
    assert row.length == 2 + 1 + 1 + 0


def test_the_longest_row_comes_first_and_equals_keep_their_order():
    found = rows([request("a", "bc"), request("d", "ef"), request("ghij", "kl")], budget=100)
    assert [row.requests for row in found] == [(2,), (0,), (1,)]


def test_more_options_than_fit_take_another_row():
    found = rows([request("abc", "de") for _ in range(5)], budget=5)
    assert sorted(row.requests for row in found) == [(0, 1), (2, 3), (4,)]


tokens = st.lists(st.integers(0, 3), min_size=1, max_size=6)
asked = st.lists(st.builds(request, tokens, tokens), min_size=1, max_size=30)


@given(asked, st.integers(1, 20), st.integers(1, 5))
def test_every_request_stands_in_exactly_one_row_of_one_batch(requests, budget, size):
    ordered = rows(requests, budget=budget)
    cut = batches(ordered, size=size, budget=budget)
    assert [row for batch in cut for row in batch] == ordered
    assert sorted(place for row in ordered for place in row.requests) == list(range(len(requests)))
    for row in ordered:
        assert [(list(row.prompt), list(option)) for option in row.options] == [
            (requests[place][1], requests[place][2]) for place in row.requests
        ]


@given(asked, st.integers(1, 20), st.integers(1, 5))
def test_a_batch_keeps_to_its_size_and_budget_unless_it_is_one_row(requests, budget, size):
    for batch in batches(rows(requests, budget=budget), size=size, budget=budget):
        assert len(batch) <= size
        assert len(batch) == 1 or len(batch) * max(row.length for row in batch) <= budget


def cost(cut):
    return sum(OVERHEAD + len(batch) * batch[0].length for batch in cut)


@given(asked, st.integers(1, 5))
def test_no_cut_at_fixed_steps_is_cheaper(requests, size):
    ordered = rows(requests, budget=50)
    found = cost(batches(ordered, size=size, budget=1000))
    for step in range(1, size + 1):
        assert found <= cost([ordered[start : start + step] for start in range(0, len(ordered), step)])


def test_a_long_row_is_not_joined_by_short_ones():
    found = rows([request("x" * 100, "ab"), *(request([n], "ab") for n in range(3))], budget=200)
    assert [len(batch) for batch in batches(found, size=8, budget=2048)] == [1, 3]
