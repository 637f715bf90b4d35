"""Rank correlation against SciPy's, and its intervals over seeds against rankings whose agreement was planted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from harness.statistics.agreement import between_seeds, over_seeds, spearman

NUMBERS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=30)


@given(NUMBERS)
@settings(deadline=None)
def test_it_is_scipys_with_ties_too(pairs):
    one, other = zip(*pairs, strict=True)
    if len(set(one)) == 1 or len(set(other)) == 1:
        with pytest.raises(ValueError, match="rank nothing"):
            spearman(one, other)
    else:
        assert spearman(one, other) == pytest.approx(spearmanr(one, other).statistic, abs=1e-12)


def test_the_order_alone_counts():
    assert spearman([1, 2, 3], [10, 20, 1e9]) == pytest.approx(1)
    assert spearman([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    with pytest.raises(ValueError, match="3 and 2 numbers"):
        spearman([1, 2, 3], [1, 2])


def test_too_few_seeds_have_no_interval():
    assert over_seeds([0.5]) is None
    assert between_seeds(np.array([[1.0, 0.5], [0.5, 1.0]])) is None
    assert over_seeds([0.5, 0.5]) == (0.5, 0.5)


def test_an_interval_ends_where_correlations_do():
    low, high = over_seeds([0.2, 0.99])
    assert (low, high) == (-1, 1)


def rankings(generator, seeds, noise, layers=30):
    """Norms of `seeds` draws of rows: what the model gives every one, shaken by each draw."""
    return np.linspace(1, 2, layers) + generator.normal(scale=noise, size=(seeds, layers))


def matrix(norms):
    """Return what `spearman` gives for every two rows, as above, all at once by SciPy."""
    return spearmanr(norms, axis=1).statistic


def mean_of_pairs(found):
    return found[np.triu_indices(len(found), 1)].mean()


@pytest.mark.parametrize("seeds", [3, 5])
def test_the_interval_over_pairs_holds_the_truth_as_often_as_it_says(seeds):
    generator = np.random.default_rng(7)
    truth = mean_of_pairs(matrix(rankings(generator, 200, noise=0.3)))
    found = [between_seeds(matrix(rankings(generator, seeds, noise=0.3))) for _ in range(300)]
    held = sum(low <= truth <= high for low, high in found)
    assert held >= 0.92 * len(found)


def test_pairs_of_seeds_are_fewer_than_they_look():
    found = matrix(rankings(np.random.default_rng(11), 5, noise=0.3))
    low, high = between_seeds(found)
    assert low < mean_of_pairs(found) < high
    pairs = found[np.triu_indices(5, 1)]
    naive_low, naive_high = over_seeds(pairs)
    assert high - low > naive_high - naive_low
