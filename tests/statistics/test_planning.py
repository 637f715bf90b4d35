"""Power grows with what is spent, and the smallest effect that is shown has the power that is claimed."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import chi2, norm

from harness.statistics.contrast import contrast
from harness.statistics.critical import critical_value
from harness.statistics.moments import moments
from harness.statistics.planning import (
    POWER,
    Budget,
    Spread,
    budget,
    detectable,
    pessimistic,
    power,
    smallest_distance,
)
from helpers.paired import differences, quick

TAIL = 0.025
COMMON = Budget(seed=1e-4, item=1e-4, residual=2e-4, item_df=999.0)


@st.composite
def budgets(draw):
    """Draw plans from nearly no noise to much, with any of the sources the largest."""
    sizes = [draw(st.floats(-6, -3)) for _ in range(3)]
    seed, item, residual = (10.0**size for size in sizes)
    return Budget(seed=seed, item=item, residual=residual, item_df=draw(st.sampled_from([9.0, 99.0, 999.0])))


distances = st.floats(0.01, 0.1)


def test_power_is_the_mean_over_the_estimated_variance_between_seeds():
    between, item = (1e-4 + 2e-4) / 5, 1e-4

    def shown(ratio):
        width = critical_value(TAIL, between * ratio / (between * ratio + item), 4.0, 999.0)
        width *= np.sqrt(between * ratio + item)
        return norm.cdf((0.04 - width) / np.sqrt(between + item)) * chi2.pdf(4 * ratio, 4) * 4

    expected, _ = quad(shown, 0, 20)
    assert float(power(COMMON, 0.04, TAIL, 5)) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("seeds", "items", "spread", "distance"),
    [
        (3, 100, Spread(seed_sd=0.02, item_sd=0.3, residual_sd=0.2), 0.2),
        (3, 100, Spread(seed_sd=0.02, item_sd=0.1, residual_sd=0.1), 0.12),
        (4, 300, Spread(seed_sd=0.02, item_sd=0.2, residual_sd=0.2), 0.08),
    ],
)
def test_a_plan_is_no_promise_beyond_what_is_drawn(seeds, items, spread, distance):
    rng = np.random.default_rng(5)
    rows = spread.seed_sd * rng.standard_normal((4000, seeds, 1))
    columns = spread.item_sd * rng.standard_normal((4000, 1, items))
    noise = spread.residual_sd * rng.standard_normal((4000, seeds, items))
    low, _ = contrast((moments(distance + rows + columns + noise),), (1.0,)).interval(TAIL / 2)
    assert np.mean(low > 0) == pytest.approx(float(power(spread.budget(items), distance, TAIL / 2, seeds)), abs=0.02)


def test_power_of_equivalence_needs_both_ends():
    one = float(power(COMMON, 0.04, TAIL, 5))
    assert float(power(COMMON, 0.04, TAIL, 5, both_ends=True)) == pytest.approx(2 * one - 1)
    assert float(power(COMMON, 0.0001, TAIL, 5, both_ends=True)) == 0.0


@given(budgets(), distances)
@example(Budget(seed=1e-3, item=1e-5, residual=1e-6, item_df=99.0), 0.09375)
@quick
def test_power_rises_with_seeds_items_and_distance(plan, distance):
    seeds = power(plan, distance, TAIL, np.arange(2.0, 30.0))
    scales = power(plan, distance, TAIL, 4.0, np.geomspace(0.5, 50, 20))
    further = power(plan, distance * np.linspace(1, 3, 10), TAIL, 4.0)
    for found in (seeds, further):
        assert (np.diff(found) >= -1e-9).all()
    # More items leave the seeds a larger share, and with it the larger critical value: where seeds are nearly all of
    # the variance, up to a thousandth is lost.
    assert (np.maximum.accumulate(scales) - scales <= 1e-3).all()
    for found in (seeds, scales, further):
        assert ((found >= 0) & (found <= 1)).all()


def test_power_agrees_with_drawn_data():
    rng = np.random.default_rng(11)
    seeds, items, draws = 5, 60, 4000
    rows = 0.01 * rng.standard_normal((draws, seeds, 1))
    columns = 0.06 * rng.standard_normal((draws, 1, items))
    table = 0.03 + rows + columns + 0.05 * rng.standard_normal((draws, seeds, items))
    low, _ = contrast((moments(table),), (1.0,)).interval(TAIL)
    plan = Spread(seed_sd=0.01, item_sd=0.06, residual_sd=0.05).budget(items)
    assert np.mean(low > 0) == pytest.approx(float(power(plan, 0.03, TAIL, seeds)), abs=0.05)


def test_the_parts_of_a_budget_add_up_to_the_contrasts_variance():
    pair = (moments(differences(4, 50, seed=1, seed_sd=0.3)), moments(differences(4, 80, seed=2, seed_sd=0.3)))
    found = budget(pair, (1.0, -0.5))
    whole = contrast(pair, (1.0, -0.5))
    assert min(found.seed, found.item, found.residual) > 0
    assert float(found.variance(4)) == pytest.approx(float(whole.variance))
    assert float(found.share(4)) == pytest.approx(float(whole.share))
    assert found.item == pytest.approx(float(whole.item_variance))
    assert found.item_df == 49.0


def test_a_budget_recovers_the_variances_that_made_the_data():
    tables = [differences(8, 400, seed=k, seed_sd=0.1, item_sd=0.2, residual_sd=0.3) for k in range(60)]
    found = [budget((moments(table),), (1.0,)) for table in tables]
    assert np.mean([each.seed for each in found]) == pytest.approx(0.01, rel=0.2)
    assert np.mean([each.item for each in found]) * 400 == pytest.approx(0.04, rel=0.05)
    assert np.mean([each.residual for each in found]) * 400 == pytest.approx(0.09, rel=0.05)


def test_the_pessimistic_budget_takes_the_upper_limit_of_the_variance_between_seeds():
    found = pessimistic(COMMON, 3)
    assert found.seed + found.residual == pytest.approx(3e-4 * 2 / chi2.ppf(0.2, 2))
    assert (found.item, found.residual) == (COMMON.item, COMMON.residual)
    assert pessimistic(COMMON, 30).seed < found.seed


@given(budgets(), st.integers(2, 10), st.booleans())
@quick
def test_the_smallest_distance_is_shown_four_times_in_five(plan, seeds, both_ends):
    found = smallest_distance(plan, seeds, TAIL, both_ends=both_ends)
    assert float(power(plan, found, TAIL, seeds, both_ends=both_ends)) == pytest.approx(POWER, abs=1e-6)


def test_more_seeds_more_items_and_fewer_comparisons_detect_smaller_effects():
    spread = Spread(seed_sd=0.01, item_sd=0.2, residual_sd=0.3)

    def found(seeds=3, items=500, comparisons=1):
        return detectable(
            seeds=seeds,
            items_in=items,
            items_out=2 * items,
            inside=spread,
            outside=spread,
            alpha=0.05,
            comparisons=comparisons,
        )

    start = found()
    for better in (found(seeds=5), found(items=1000)):
        for name in ("gap_in", "gap_out", "delta", "margin_in", "margin_out"):
            assert getattr(better, name) < getattr(start, name)
    assert found(comparisons=6).gap_in > start.gap_in
    assert start.gap_out < start.gap_in < start.delta
    assert start.gap_in < start.margin_in


def test_what_is_detectable_has_the_power_it_claims():
    spread = Spread(seed_sd=0.01, item_sd=0.2, residual_sd=0.3)
    found = detectable(seeds=4, items_in=500, items_out=800, inside=spread, outside=spread, alpha=0.05, comparisons=2)
    assert float(power(spread.budget(500), found.gap_in, 0.0125, 4)) == pytest.approx(POWER, abs=1e-6)
    assert float(power(spread.budget(800), found.gap_out, 0.0125, 4)) == pytest.approx(POWER, abs=1e-6)
