"""The ratio's confidence set ends where a contrast is just told apart from 0, and may have no ends at all."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import t

from harness.statistics.contrast import SeedVariance, contrast
from harness.statistics.moments import moments
from harness.statistics.ratio import ratio_set
from helpers.paired import differences, quick, tables

TAIL = 0.025


def fixed(rows):
    """Return a suite whose seeds' gaps are `rows`, with the items as the whole population."""
    return moments(np.array(rows)[:, None] * np.ones((1, 4)), fixed=True)


def fiellers_roots(above, below):
    """Solve Fieller's quadratic, which holds where the critical value does not depend on the ratio."""
    a, b = np.mean(above), np.mean(below)
    (vaa, vab), (_, vbb) = np.cov(above, below) / len(above)
    q = t.isf(TAIL, len(above) - 1) ** 2
    square, linear, constant = b**2 - q * vbb, -2 * (a * b - q * vab), a**2 - q * vaa
    return square, sorted(np.roots([square, linear, constant]))


def test_with_clear_gaps_it_is_fiellers_interval():
    above, below = [0.31, 0.25, 0.36, 0.29], [0.52, 0.48, 0.55, 0.49]
    square, roots = fiellers_roots(above, below)
    found = ratio_set(fixed(above), fixed(below), TAIL)
    assert square > 0
    assert found.kind == "bounded"
    assert found.estimate == pytest.approx(np.mean(above) / np.mean(below))
    assert found.intervals == (pytest.approx(tuple(roots)),)


def test_when_the_denominator_may_be_zero_it_is_all_but_fiellers_interval():
    above, below = [0.81, 0.85, 0.86, 0.79], [0.52, -0.4, 0.55, -0.29]
    square, roots = fiellers_roots(above, below)
    found = ratio_set(fixed(above), fixed(below), TAIL)
    assert square < 0
    assert found.kind == "unbounded"
    (first, low), (high, last) = found.intervals
    assert (first, last) == (-np.inf, np.inf)
    assert (low, high) == pytest.approx(tuple(roots))


def test_when_both_gaps_may_be_zero_it_is_the_whole_line():
    found = ratio_set(fixed([0.2, -0.3, 0.1]), fixed([-0.1, 0.4, -0.2]), TAIL)
    assert found.kind == "unbounded"
    assert found.intervals == ((-np.inf, np.inf),)


def test_a_denominator_that_is_zero_without_error_leaves_no_ratio():
    found = ratio_set(fixed([0.31, 0.25, 0.36]), fixed([0.0, 0.0, 0.0]), TAIL)
    assert (found.estimate, found.kind, found.intervals) == (None, "empty", ())


def test_a_ratio_without_any_error_is_a_point():
    found = ratio_set(fixed([0.2, 0.2, 0.2]), fixed([0.4, 0.4, 0.4]), TAIL)
    assert found.kind == "bounded"
    assert found.intervals == (pytest.approx((0.5, 0.5)),)


def test_a_negative_ratio_keeps_its_sign():
    found = ratio_set(fixed([-0.31, -0.25, -0.36]), fixed([0.52, 0.48, 0.55]), TAIL)
    ((low, high),) = found.intervals
    assert low < found.estimate < high < 0


@pytest.mark.parametrize("seed", range(6))
def test_each_end_is_where_the_contrast_is_just_told_apart_from_zero(seed):
    outside = moments(differences(5, 60, seed=seed, gap=0.2), np.arange(60) // 3)
    inside = moments(differences(5, 90, seed=seed + 100, gap=0.5))
    ((low, high),) = ratio_set(outside, inside, TAIL).intervals
    assert low < high
    for end in (low, high):
        here = contrast((outside, inside), (1.0, -end))
        assert abs(float(here.estimate)) == pytest.approx(float(here.margin(TAIL)), rel=1e-6)


@given(tables(min_seeds=3), st.floats(-3, 3))
@quick
def test_a_ratio_is_in_the_set_exactly_when_it_is_not_rejected(table, ratio):
    half = table.shape[1] // 2
    pair = (moments(table[:, :half]), moments(table[:, half:] + 0.5))
    here = contrast(pair, (1.0, -ratio))
    excess = abs(float(here.estimate)) - float(here.margin(TAIL))
    assume(abs(excess) > 1e-6)
    inside = any(low <= ratio <= high for low, high in ratio_set(*pair, TAIL).intervals)
    assert inside == (excess < 0)


@pytest.mark.parametrize("inside_gap", [0.5, 0.02])
def test_swapping_the_arms_leaves_the_ratio_as_it_is(inside_gap):
    outside, inside = differences(4, 40, seed=1), differences(4, 40, seed=2, gap=inside_gap)
    there, back = (ratio_set(moments(s * outside), moments(s * inside), TAIL) for s in (1, -1))
    assert back.kind == there.kind
    assert back.estimate == pytest.approx(there.estimate)
    assert np.array(back.intervals) == pytest.approx(np.array(there.intervals))


def test_a_larger_scale_out_of_domain_scales_the_set():
    outside, inside = differences(4, 40, seed=1), differences(4, 40, seed=2, gap=0.5)
    once = ratio_set(moments(outside), moments(inside), TAIL)
    thrice = ratio_set(moments(3 * outside), moments(inside), TAIL)
    assert np.array(thrice.intervals) == pytest.approx(3 * np.array(once.intervals))


def test_a_smaller_tail_gives_a_wider_set():
    pair = (moments(differences(4, 40, seed=1)), moments(differences(4, 40, seed=2, gap=0.5)))
    ((low, high),) = ratio_set(*pair, 0.025).intervals
    ((lower, higher),) = ratio_set(*pair, 0.005).intervals
    assert lower < low < high < higher


def test_a_declared_variance_between_seeds_is_used_for_every_ratio():
    pair = (moments(differences(4, 40, seed=1)), moments(differences(4, 40, seed=2, gap=0.5)))
    seen = []

    def rule(weights):
        seen.append(weights)
        return SeedVariance(variance=np.asarray(weights[0] ** 2 + weights[1] ** 2) * 1e-6, df=30.0)

    ((low, high),) = ratio_set(*pair, TAIL, seed_rule=rule).intervals
    ((wider_low, wider_high),) = ratio_set(*pair, TAIL).intervals
    assert seen
    assert high - low < wider_high - wider_low
