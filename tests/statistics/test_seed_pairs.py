"""Seeds as pairs: who is ahead, the paired t and d_z, held to scipy's."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.statistics.seed_pairs import seed_pairs

GAPS = [0.1, -0.2, -0.3, 0.0, -0.15]


def test_wins_and_ties_are_the_candidates():
    found = seed_pairs(GAPS)
    assert (found.pairs, found.wins, found.ties) == (5, 3, 1)


@given(st.lists(st.integers(-1000, 1000), min_size=3, max_size=8))
def test_t_is_the_paired_one_of_the_candidates_lead(thousandths):
    gaps = [each / 1000 for each in thousandths]
    found = seed_pairs(gaps)
    if len(set(gaps)) == 1:
        assert found.t is None
        return
    expected = stats.ttest_1samp([-gap for gap in gaps], 0.0).statistic
    assert found.t == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert found.effect_size == pytest.approx(found.t / math.sqrt(len(gaps)))


def test_one_pair_and_equal_pairs_have_no_t():
    assert seed_pairs([0.1]).t is None
    assert seed_pairs([0.1, 0.1]).effect_size is None
