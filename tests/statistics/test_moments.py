"""Moments are the sums of their definition, and do not depend on the order or the doubling of anything."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.statistics.moments import moments
from helpers.paired import clustered_tables, differences, quick, tables


def covariance_by_sums(table, clusters):
    """Return C entry by entry: the covariance of two seeds' means when whole clusters are drawn."""
    seeds, items = table.shape
    labels = sorted(set(clusters))
    covariance = np.zeros((seeds, seeds))
    for s in range(seeds):
        for t in range(seeds):
            for label in labels:
                members = [i for i in range(items) if clusters[i] == label]
                first = sum(table[s, i] - table[s].mean() for i in members)
                second = sum(table[t, i] - table[t].mean() for i in members)
                covariance[s, t] += first * second
    return covariance * len(labels) / (len(labels) - 1) / items**2


def off_diagonal_mean(covariance):
    seeds = len(covariance)
    return sum(covariance[s, t] for s in range(seeds) for t in range(seeds) if s != t) / (seeds * (seeds - 1))


@given(tables())
@quick
def test_without_clusters_every_item_is_its_own(table):
    expected = covariance_by_sums(table, range(table.shape[1]))
    found = moments(table)
    assert found.row_means == pytest.approx([sum(row) / len(row) for row in table])
    assert float(found.total) == pytest.approx(expected.sum(), abs=1e-12)
    assert float(found.trace) == pytest.approx(sum(np.diag(expected)), abs=1e-12)
    assert (found.units, found.items, found.seeds) == (table.shape[1], table.shape[1], table.shape[0])


@given(clustered_tables())
@quick
def test_clusters_are_drawn_whole(data):
    table, clusters = data
    expected = covariance_by_sums(table, clusters)
    found = moments(table, clusters)
    assert float(found.total) == pytest.approx(expected.sum(), abs=1e-12)
    assert float(found.trace) == pytest.approx(np.trace(expected), abs=1e-12)
    assert float(found.item_variance) == pytest.approx(max(0.0, off_diagonal_mean(expected)), abs=1e-12)
    assert found.units == len(set(clusters))
    assert found.item_df == len(set(clusters)) - 1


def test_item_variance_is_the_mean_covariance_between_seeds_not_the_variance_of_a_seed():
    table = differences(4, 30)
    covariance = covariance_by_sums(table, range(30))
    assert float(moments(table).item_variance) == pytest.approx(off_diagonal_mean(covariance))
    assert float(moments(table).column_variance) == pytest.approx(covariance.mean())


def test_item_variance_is_never_negative():
    table = np.array([[1.0, -1.0, 1.0, -1.0], [-1.0, 1.0, -1.0, 1.0]])
    assert off_diagonal_mean(covariance_by_sums(table, range(4))) < 0
    assert float(moments(table).item_variance) == 0.0


def test_one_seed_has_the_usual_standard_error_of_a_mean():
    table = differences(1, 25)
    assert float(moments(table).item_variance) == pytest.approx(np.var(table, ddof=1) / 25)


def test_items_that_are_the_whole_population_bring_no_variance():
    found = moments(differences(3, 20), fixed=True)
    assert found.fixed
    assert float(found.item_variance) == float(found.column_variance) == 0.0


@given(clustered_tables(), st.randoms(use_true_random=False))
@quick
def test_the_order_of_seeds_and_items_and_the_names_of_clusters_do_not_matter(data, random):
    table, clusters = data
    rows, columns = list(range(table.shape[0])), list(range(table.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)
    names = np.array(random.sample(range(100), 3))
    before, after = moments(table, clusters), moments(table[rows][:, columns], names[clusters][columns])
    assert after.row_means == pytest.approx(before.row_means[rows])
    assert float(after.total) == pytest.approx(float(before.total), abs=1e-12)
    assert float(after.trace) == pytest.approx(float(before.trace), abs=1e-12)


@given(tables(), st.integers(2, 4))
@quick
def test_copies_of_items_that_are_labelled_as_such_say_nothing_new(table, copies):
    doubled = np.repeat(table, copies, axis=1)
    before, after = moments(table), moments(doubled, np.repeat(np.arange(table.shape[1]), copies))
    assert after.row_means == pytest.approx(before.row_means)
    assert float(after.item_variance) == pytest.approx(float(before.item_variance), abs=1e-12)
    assert float(after.trace) == pytest.approx(float(before.trace), abs=1e-12)
    assert after.item_df == before.item_df


def test_copies_without_a_label_pass_for_new_items():
    table = differences(3, 20)
    assert float(moments(np.repeat(table, 2, axis=1)).trace) < 0.6 * float(moments(table).trace)


def test_replicates_are_reduced_one_by_one():
    stack = np.stack([differences(3, 12, seed=k) for k in range(4)])
    clusters = np.arange(12) // 2
    together = moments(stack, clusters)
    for k in range(4):
        alone = moments(stack[k], clusters)
        assert together.row_means[k] == pytest.approx(alone.row_means)
        assert together.item_variance[k] == pytest.approx(float(alone.item_variance))


def test_a_single_item_is_refused():
    with pytest.raises(ValueError, match="two items or more, got 1"):
        moments(np.zeros((3, 1)))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_not_finite_is_refused(value):
    table = differences(3, 10)
    table[1, 4] = value
    with pytest.raises(ValueError, match="finite"):
        moments(table)
