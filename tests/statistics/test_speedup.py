"""Speed-ups are ratios of paired times."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_rel

from harness.statistics.speedup import speed_up

times = st.lists(st.floats(0.1, 1e4), min_size=2, max_size=10)


def test_twice_as_fast_in_every_pair_is_two_without_doubt():
    found = speed_up([2.0, 4.0, 8.0], [1.0, 2.0, 4.0])
    assert (found.estimate, found.low, found.high, found.pairs) == pytest.approx((2, 2, 2, 3))


def test_the_interval_is_the_paired_t_interval_of_the_logs():
    first, second = np.array([100.0, 110.0, 95.0]), np.array([80.0, 82.0, 79.0])
    found = speed_up(first, second)
    logs = np.log(first / second)
    margin = 4.302652729911275 * logs.std(ddof=1) / np.sqrt(3)
    assert (found.low, found.high) == pytest.approx(tuple(np.exp(logs.mean() + np.array([-margin, margin]))))


def test_the_p_value_is_the_paired_t_tests():
    first, second = np.array([100.0, 110.0, 95.0]), np.array([80.0, 99.0, 97.0])
    assert speed_up(first, second).p == pytest.approx(ttest_rel(np.log(first), np.log(second)).pvalue)
    assert speed_up([2.0, 4.0], [1.0, 2.0]).p == 0
    assert speed_up([2.0, 4.0], [2.0, 4.0]).p == 1


def test_t_and_effect_size_are_those_of_the_paired_test():
    first, second = np.array([100.0, 110.0, 95.0]), np.array([80.0, 99.0, 97.0])
    found, logs = speed_up(first, second), np.log(first / second)
    assert found.t == pytest.approx(ttest_rel(np.log(first), np.log(second)).statistic)
    assert found.effect_size == pytest.approx(logs.mean() / logs.std(ddof=1))
    assert speed_up([2.0, 4.0], [1.0, 2.0]).effect_size is None


@given(times, st.randoms(use_true_random=False))
def test_swapping_the_recipes_turns_the_ratio_over(first, random):
    second = [value * random.uniform(0.5, 2) for value in first]
    there, back = speed_up(first, second), speed_up(second, first)
    assert there.estimate == pytest.approx(1 / back.estimate)
    assert there.low == pytest.approx(1 / back.high, rel=1e-6)


def test_a_single_pair_says_nothing_about_others():
    assert speed_up([1.0], [2.0]) is None


def test_times_that_do_not_pair_are_refused():
    with pytest.raises(ValueError, match="3 and 2"):
        speed_up([1.0, 2.0, 3.0], [1.0, 2.0])
