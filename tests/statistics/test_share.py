"""The set of a share of the gain ends where gap - f·gain, item by item, is just told apart from 0."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.statistics.contrast import contrast
from harness.statistics.moments import moments
from harness.statistics.ratio import ratio_set
from harness.statistics.share import share_set
from helpers.paired import differences, quick, tables

TAIL = 0.025


def gap_and_gain(seeds=4, items=60, *, seed=0, alike=0.7, gap=0.1, gain=0.5, seed_sd=0.05):
    """Return a gap and a gain whose items are correlated: what the reference answers well counts in both."""
    common = 0.3 * np.random.default_rng(seed + 100).standard_normal((1, items))
    first = differences(seeds, items, seed=seed, gap=gap, item_sd=0.1, seed_sd=seed_sd)
    second = differences(seeds, items, seed=seed + 1, gap=gain, item_sd=0.1, seed_sd=seed_sd)
    return first + alike * common, second + common


def covers_zero(gap, gain, share, clusters=None, **options):
    low, high = contrast((moments(gap - share * gain, clusters, **options),), (1.0,)).interval(TAIL)
    return low <= 0 <= high


def test_its_ends_are_those_of_the_difference_an_item():
    gap, gain = gap_and_gain()
    found = share_set(gap, gain, TAIL)
    assert found.kind == "bounded"
    assert found.estimate == pytest.approx(gap.mean() / gain.mean())
    ((low, high),) = found.intervals
    for end, outwards in ((low, -1), (high, 1)):
        assert covers_zero(gap, gain, end - outwards * 1e-6)
        assert not covers_zero(gap, gain, end + outwards * 1e-6)


@pytest.mark.parametrize("share", [-0.4, 0.05, 0.2, 0.6, 1.5])
@given(table=tables(), seed=st.integers(0, 1000))
@quick
def test_a_share_is_in_it_exactly_where_the_difference_covers_nothing(share, table, seed):
    gain = 0.4 + table[:, ::-1] / 2 + 0.05 * np.random.default_rng(seed).standard_normal(table.shape)
    clusters = np.arange(table.shape[1]) // 2
    found = share_set(table, gain, TAIL, clusters=clusters)
    inside = any(low <= share <= high for low, high in found.intervals)
    near = any(abs(share - end) < 1e-6 for pair in found.intervals for end in pair)
    assert near or inside == covers_zero(table, gain, share, clusters)


def test_item_variances_are_not_added_as_if_gap_and_gain_had_items_of_their_own():
    gap, gain = gap_and_gain(items=200, alike=0.7, gap=0.35, seed_sd=0.002)
    ((low, high),) = share_set(gap, gain, TAIL).intervals
    ((naive_low, naive_high),) = ratio_set(moments(gap), moments(gain), TAIL).intervals
    assert high - low < 0.8 * (naive_high - naive_low)
    against, gain = gap_and_gain(items=200, alike=-0.7, gap=0.35, seed_sd=0.002)
    ((low, high),) = share_set(against, gain, TAIL).intervals
    ((naive_low, naive_high),) = ratio_set(moments(against), moments(gain), TAIL).intervals
    assert high - low > 1.1 * (naive_high - naive_low)


def test_without_a_gain_that_is_shown_it_is_unbounded():
    gap, gain = gap_and_gain(gain=0.0)
    assert share_set(gap, gain, TAIL).kind == "unbounded"


def test_a_gap_that_is_a_share_of_the_gain_everywhere_is_that_share():
    _, gain = gap_and_gain()
    ((low, high),) = share_set(0.25 * gain, gain, TAIL).intervals
    assert (low, high) == pytest.approx((0.25, 0.25), abs=1e-4)


def test_with_fixed_items_only_the_seeds_count():
    gap, gain = gap_and_gain()
    ((low, high),) = share_set(gap, gain, TAIL, fixed=True).intervals
    ((wide_low, wide_high),) = share_set(gap, gain, TAIL).intervals
    assert wide_low < low < high < wide_high
    assert covers_zero(gap, gain, high - 1e-6, fixed=True)
    assert not covers_zero(gap, gain, high + 1e-6, fixed=True)
