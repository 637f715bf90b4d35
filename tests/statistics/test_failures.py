"""Failure rates have exact intervals, and equal rates are not called different."""

import pytest
from scipy.stats import beta

from harness.statistics.failures import failure_rate, failures_differ


@pytest.mark.parametrize(("failed", "runs"), [(1, 3), (2, 5), (4, 10)])
def test_the_interval_is_clopper_and_pearsons(failed, runs):
    found = failure_rate(failed, runs)
    assert found.rate == failed / runs
    assert found.low == pytest.approx(beta.ppf(0.025, failed, runs - failed + 1))
    assert found.high == pytest.approx(beta.isf(0.025, failed + 1, runs - failed))


def test_no_failure_in_three_runs_leaves_a_rate_of_two_thirds_possible():
    found = failure_rate(0, 3)
    assert found.low == 0.0
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 3))


def test_every_run_failed():
    found = failure_rate(3, 3)
    assert (found.rate, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.025 ** (1 / 3))


def test_a_lower_alpha_widens_the_interval():
    wide, narrow = failure_rate(2, 9, alpha=0.01), failure_rate(2, 9, alpha=0.1)
    assert wide.low < narrow.low < 2 / 9 < narrow.high < wide.high


@pytest.mark.parametrize("failed", [0, 4])
def test_two_arms_that_fared_alike_throughout_do_not_differ(failed):
    assert failures_differ(failure_rate(failed, 4), failure_rate(failed, 4)) == 1.0


def test_none_of_ten_against_all_of_ten_differs():
    # Barnard's test takes the most favourable common rate, here a half: 2 * 0.5**20.
    found = failures_differ(failure_rate(0, 10), failure_rate(10, 10))
    assert found == pytest.approx(2 * 0.5**20, rel=1e-3)


def test_the_order_of_the_arms_does_not_matter():
    few, many = failure_rate(1, 8), failure_rate(6, 8)
    assert failures_differ(few, many) == pytest.approx(failures_differ(many, few))
    assert failures_differ(few, many) < 0.05
