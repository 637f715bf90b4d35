"""A share of the rows: as many as declared, in their order, the smaller within the larger."""

from hypothesis import given
from hypothesis import strategies as st

from harness.spec.records import Transform
from harness.transforms.fraction import Fraction


def kept(total, share, seed=0):
    rows = [{"prompt": str(n), "completion": ""} for n in range(total)]
    return [int(row["prompt"]) for row in Fraction().apply(rows, Transform(share=share, seed=seed))]


@given(st.integers(1, 200), st.floats(0.001, 1), st.floats(0.001, 1), st.integers(0, 9))
def test_smaller_shares_are_parts_of_larger_ones(total, one, other, seed):
    smaller, larger = sorted((kept(total, one, seed), kept(total, other, seed)), key=len)
    assert set(smaller) <= set(larger)
    assert larger == sorted(larger)
    assert len(kept(total, one, seed)) == max(1, round(total * one))


def test_all_of_the_rows_are_the_rows():
    assert kept(50, 1) == list(range(50))


def test_the_first_rows_are_no_more_likely_than_the_last():
    assert 15 < sum(place < 50 for place in kept(100, 0.5)) < 35
