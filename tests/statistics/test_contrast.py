"""Contrasts against explicit sums, against two independent libraries, and under every renaming of the data."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import t, ttest_rel

from harness.statistics.contrast import SeedVariance, contrast, per_seed
from harness.statistics.moments import moments
from helpers.paired import clustered_tables, differences, quick, tables

OUT_MINUS_IN = (1.0, -1.0)


def gap_of(table, clusters=None, *, fixed=False):
    return contrast((moments(table, clusters, fixed=fixed),), (1.0,))


def ols_se(table, clusters, *, correct):
    """Return the standard error of the mean from statsmodels, clustered by seed and by item."""
    seeds = np.repeat(np.arange(len(table)), table.shape[1])
    groups = np.column_stack([seeds, np.tile(clusters, len(table))])
    model = sm.OLS(table.ravel(), np.ones(table.size))
    return float(model.fit(cov_type="cluster", cov_kwds={"groups": groups, "use_correction": correct}).bse[0])


def off_diagonal_mean(table):
    """Return the mean covariance between two seeds' means, from explicit sums over items."""
    centred = table - table.mean(axis=1, keepdims=True)
    seeds, items = table.shape
    pairs = [(s, r) for s in range(seeds) for r in range(seeds) if s != r]
    shared = sum(sum(centred[s, i] * centred[r, i] for i in range(items)) for s, r in pairs)
    return max(0.0, shared / (items * (items - 1)) / len(pairs))


def test_both_parts_of_the_variance_are_their_definitions():
    outside, inside = differences(3, 17, seed=1), differences(3, 11, seed=2)
    found = contrast((moments(outside), moments(inside)), OUT_MINUS_IN)
    changes = [outside[s].mean() - inside[s].mean() for s in range(3)]
    middle = sum(changes) / 3
    first, second = off_diagonal_mean(outside), off_diagonal_mean(inside)
    assert float(found.estimate) == pytest.approx(middle)
    assert float(found.seed_variance) == pytest.approx(sum((each - middle) ** 2 for each in changes) / 2 / 3)
    assert float(found.item_variance) == pytest.approx(first + second)
    assert float(found.item_df) == pytest.approx((first + second) ** 2 / (first**2 / 16 + second**2 / 10))
    assert found.seed_df == 2.0


def test_the_interval_is_the_estimate_and_the_two_weighted_quantiles():
    found = gap_of(differences(5, 40))
    share = float(found.seed_variance / (found.seed_variance + found.item_variance))
    critical = np.sqrt(share * t.isf(0.025, 4) ** 2 + (1 - share) * t.isf(0.025, 39) ** 2)
    low, high = found.interval(0.025)
    assert 0 < share < 1
    assert float(low) == pytest.approx(float(found.estimate) - critical * float(found.se))
    assert float(high) == pytest.approx(float(found.estimate) + critical * float(found.se))


@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
@pytest.mark.parametrize("size", [1, 4])
def test_two_way_clustered_ols_is_this_variance_before_its_small_sample_factors(seeds, size):
    table, clusters = differences(seeds, 40, item_sd=0.4), np.arange(40) // size
    units = 40 // size
    factor = seeds / (seeds - 1) * units / (units - 1)
    expected = ols_se(table, clusters, correct=False) * np.sqrt(factor)
    assert float(gap_of(table, clusters).se) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_with_its_own_correction_two_way_ols_is_up_to_an_eighth_narrower(seeds, seed):
    table = differences(seeds, 200, seed=seed)
    ratio = float(gap_of(table).se) / ols_se(table, np.arange(200), correct=True)
    assert 1 - 1e-9 <= ratio <= 1.125


@pytest.mark.parametrize("seeds", [2, 3, 8])
def test_with_items_as_the_population_it_is_the_paired_t_test_over_seeds(seeds):
    rng = np.random.default_rng(4)
    first, second = rng.random((seeds, 50)), rng.random((seeds, 50)) - 0.1
    found, reference = gap_of(first - second, fixed=True), ttest_rel(first.mean(axis=1), second.mean(axis=1))
    expected = reference.confidence_interval(0.95)
    assert [float(end) for end in found.interval(0.025)] == pytest.approx([expected.low, expected.high])
    assert found.p_zero() == pytest.approx(reference.pvalue)


def test_with_ever_more_items_it_tends_to_the_paired_t_test():
    base = differences(4, 50)
    endless = np.tile(base, 400)
    low, high = gap_of(endless).interval(0.025)
    rows = base.mean(axis=1)
    expected = t.isf(0.025, 3) * rows.std(ddof=1) / 2
    assert float(high - low) / 2 == pytest.approx(expected, rel=0.02)


@given(tables(), st.floats(1e-4, 0.45))
@quick
def test_a_p_value_is_the_level_at_which_the_interval_ends_there(table, tail):
    found = gap_of(table)
    assume(float(found.variance) > 1e-6)
    low, high = map(float, found.interval(tail))
    assert found.p_above(low) == pytest.approx(tail, rel=1e-5)
    assert found.p_below(high) == pytest.approx(tail, rel=1e-5)


@given(tables(), st.floats(0.001, 0.2), st.floats(0.01, 1.0))
@quick
def test_equivalence_and_difference_agree_with_the_interval(table, tail, margin):
    found = gap_of(table)
    assume(float(found.variance) > 1e-6)
    low, high = map(float, found.interval(tail))
    assume(min(abs(low), abs(high), abs(low + margin), abs(high - margin)) > 1e-9)
    assert (found.p_inside(margin) < tail) == (-margin < low and high < margin)
    assert (found.p_zero() < 2 * tail) == (low > 0 or high < 0)


@given(clustered_tables())
@quick
def test_swapping_the_arms_mirrors_everything(data):
    there, back = gap_of(*data), gap_of(-data[0], data[1])
    low, high = map(float, there.interval(0.025))
    assert [-float(end) for end in back.interval(0.025)] == pytest.approx([high, low], abs=1e-12)
    assert back.p_above(0.1) == pytest.approx(there.p_below(-0.1))
    assert back.p_zero() == pytest.approx(there.p_zero())


@given(clustered_tables(), st.sampled_from([1e-3, 0.5, 3.0, 1e4]))
@quick
def test_scores_on_another_scale_give_the_same_result_on_that_scale(data, factor):
    before, after = gap_of(*data), gap_of(factor * data[0], data[1])
    expected = [factor * float(end) for end in before.interval(0.025)]
    assert [float(end) for end in after.interval(0.025)] == pytest.approx(expected, rel=1e-6, abs=1e-9 * factor)


@given(clustered_tables(), st.randoms(use_true_random=False))
@quick
def test_the_order_of_seeds_and_items_does_not_matter(data, random):
    table, clusters = data
    rows, columns = list(range(table.shape[0])), list(range(table.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)
    before, after = gap_of(table, clusters), gap_of(table[rows][:, columns], clusters[columns])
    expected = [float(end) for end in before.interval(0.025)]
    assert [float(end) for end in after.interval(0.025)] == pytest.approx(expected, rel=1e-6, abs=1e-9)


@given(tables())
@quick
def test_items_doubled_under_one_label_change_nothing(table):
    before = gap_of(table)
    after = gap_of(np.repeat(table, 2, axis=1), np.repeat(np.arange(table.shape[1]), 2))
    expected = [float(end) for end in before.interval(0.025)]
    assert [float(end) for end in after.interval(0.025)] == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_shared_models_let_the_change_between_suites_be_surer_than_either_gap():
    table = differences(4, 300, seed_sd=0.3, item_sd=0.05, residual_sd=0.05)
    other = differences(4, 300, seed=0, gap=0.3, seed_sd=0.3, item_sd=0.05, residual_sd=0.05)
    pair = (moments(other), moments(table))
    assert float(contrast(pair, OUT_MINUS_IN).se) < 0.1 * float(contrast(pair, (1.0, 0.0)).se)


def test_one_seed_speaks_of_one_checkpoint():
    found = gap_of(differences(1, 30))
    assert (found.seed_df, float(found.seed_variance)) == (0.0, 0.0)
    expected = t.isf(0.025, 29) * differences(1, 30).std(ddof=1) / np.sqrt(30)
    assert float(found.margin(0.025)) == pytest.approx(expected)
    assert found.p_above(float(found.interval(0.025)[0])) == pytest.approx(0.025)


def test_a_declared_variance_replaces_the_measured_one():
    suites = (moments(differences(4, 30)),)
    found = contrast(suites, (1.0,), seed_variance=SeedVariance(variance=0.04, df=12.0))
    assert float(found.seed_variance) == pytest.approx(0.01)
    assert found.seed_df == 12.0


def test_the_contrast_of_each_seed_is_its_own_sum():
    outside, inside = differences(3, 12, seed=5), differences(3, 9, seed=6)
    found = per_seed((moments(outside), moments(inside)), (1.0, -0.5))
    assert found == pytest.approx(outside.mean(axis=1) - 0.5 * inside.mean(axis=1))


@pytest.mark.parametrize(("value", "p"), [(0.25, 0.0), (-0.25, 1.0), (0.0, 1.0)])
def test_without_any_variance_the_estimate_is_certain(value, p):
    found = gap_of(np.full((3, 10), value))
    assert float(found.se) == 0.0
    assert [float(end) for end in found.interval(0.025)] == [value, value]
    assert found.p_above(0.0) == p
