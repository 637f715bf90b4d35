"""The critical value lies between two Student quantiles, and the p-value is where it is crossed."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from harness.statistics.critical import critical_value, upper_tail
from helpers.paired import quick

tails = st.floats(1e-6, 0.49)
shares = st.floats(0.0, 1.0)
freedom = st.integers(1, 500)


@given(tails, shares, freedom, freedom)
@quick
def test_its_square_is_the_weighted_mean_of_the_squared_quantiles(tail, share, seed_df, item_df):
    expected = np.sqrt(share * t.isf(tail, seed_df) ** 2 + (1 - share) * t.isf(tail, item_df) ** 2)
    assert float(critical_value(tail, share, seed_df, item_df)) == pytest.approx(expected)


@given(tails, shares, freedom, freedom)
@quick
def test_the_p_value_of_a_critical_value_is_its_tail(tail, share, seed_df, item_df):
    statistic = float(critical_value(tail, share, seed_df, item_df))
    assert upper_tail(statistic, share, seed_df, item_df) == pytest.approx(tail, rel=1e-7)


@given(st.floats(-20, 20), freedom)
@quick
def test_with_one_source_of_variance_it_is_students_test(statistic, df):
    assert upper_tail(statistic, 1.0, df, 7) == pytest.approx(t.sf(statistic, df), rel=1e-7)
    assert upper_tail(statistic, 0.0, 7, df) == pytest.approx(t.sf(statistic, df), rel=1e-7)


@given(st.floats(0, 30), shares, freedom, freedom)
@quick
def test_both_tails_make_one(statistic, share, seed_df, item_df):
    above, below = (upper_tail(sign * statistic, share, seed_df, item_df) for sign in (1, -1))
    assert above + below == pytest.approx(1.0)


def test_nothing_above_zero_is_half():
    assert upper_tail(0.0, 0.4, 2, 50) == 0.5


@pytest.mark.parametrize("seeds", range(2, 12))
def test_no_number_of_seeds_makes_a_p_value_zero_by_itself(seeds):
    alone = upper_tail(1.0, 0.5, seeds - 1, 50)
    assert 0.15 < alone < 0.25


def test_an_overwhelming_statistic_has_p_zero_not_an_error():
    assert upper_tail(1e6, 0.0, 2, 100000) == 0.0


def test_a_larger_statistic_never_has_a_larger_p():
    found = [upper_tail(statistic, 0.7, 2, 40) for statistic in np.linspace(-6, 60, 200)]
    assert all(first > second for first, second in pairwise(found))


def test_arrays_give_one_value_a_replicate():
    mixed = np.sqrt((2.0422725**2 + 4.3026527**2) / 2)
    found = critical_value(0.025, np.array([0.0, 0.5, 1.0]), 2.0, 30.0)
    assert found == pytest.approx([2.0422725, mixed, 4.3026527])
