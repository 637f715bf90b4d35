"""Two samples against how the first differs from itself: hand figures, and how often one population is told apart."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from harness.statistics.shift import CHANCE, FEWEST, mean_shift, separation, separation_shift


def counts(rng, items, features=12, tilt=0.0):
    shares = np.ones(features) / features
    shares[0] += tilt
    return csr_matrix(rng.multinomial(8, shares / shares.sum(), size=items).astype(float))


def test_means_that_are_the_same_number_throughout_have_no_noise():
    found = mean_shift(np.full(12, 3.0), np.full(15, 5.0), alpha=0.05, rng=np.random.default_rng(1))
    assert (found.estimate, found.low, found.high, found.noise) == (2, 2, 2, 0)
    assert found.found


def test_the_bootstrap_t_interval_of_normal_samples_is_near_welchs():
    rng = np.random.default_rng(2)
    old, new = rng.normal(0, 1, 400), rng.normal(0.5, 2, 300)
    found = mean_shift(old, new, alpha=0.05, rng=rng)
    error = np.sqrt(old.var(ddof=1) / 400 + new.var(ddof=1) / 300)
    assert found.estimate == pytest.approx(new.mean() - old.mean())
    assert found.low == pytest.approx(found.estimate - 1.96 * error, abs=0.15 * error)
    assert found.high == pytest.approx(found.estimate + 1.96 * error, abs=0.15 * error)


def test_items_without_a_feature_in_common_are_always_told_apart():
    old = csr_matrix(np.tile([3.0, 1.0, 0, 0], (20, 1)))
    new = csr_matrix(np.tile([0, 0, 1.0, 2.0], (10, 1)))
    found = separation_shift(old, new, alpha=0.05, rng=np.random.default_rng(3))
    assert found.estimate == found.high == 1
    assert CHANCE < found.low < 1  # a share of 1 that was seen is no certainty
    assert found.noise == 0
    assert found.found


def test_items_that_are_all_alike_are_ties():
    alike = csr_matrix(np.ones((24, 3)))
    assert separation(alike, np.arange(24) < FEWEST, np.random.default_rng(4)) == CHANCE


def test_items_without_any_feature_are_ties():
    assert separation(csr_matrix((20, 2)), np.arange(20) < FEWEST, np.random.default_rng(4)) == CHANCE


def test_the_longer_side_is_not_told_apart_by_its_length():
    old, new = csr_matrix(np.ones((20, 4))), csr_matrix(np.full((20, 4), 7.0))
    assert separation_shift(old, new, alpha=0.05, rng=np.random.default_rng(5)).estimate == CHANCE


def test_the_same_seed_gives_the_same_figures():
    rng = np.random.default_rng(6)
    old, new = counts(rng, 30), counts(rng, 20, tilt=0.1)
    first, again = (separation_shift(old, new, alpha=0.05, rng=np.random.default_rng(7)) for _ in range(2))
    assert first == again


def test_one_population_is_told_apart_no_more_often_than_declared():
    """At 5% each, of 60 pairs 3 are expected at most; 8 or more have a probability of 1 in 100, as have 4 of 8."""
    rng = np.random.default_rng(8)
    means = sum(mean_shift(*rng.gamma(1, 5, (2, 30)), alpha=0.05, rng=rng).found for _ in range(60))
    shares = sum(separation_shift(counts(rng, 30), counts(rng, 30), alpha=0.05, rng=rng).found for _ in range(8))
    assert means < 8
    assert shares < 4


def test_a_shift_is_found():
    rng = np.random.default_rng(9)
    assert mean_shift(rng.gamma(1, 5, 60), rng.gamma(1, 15, 60), alpha=0.02, rng=rng).found
    assert separation_shift(counts(rng, 60), counts(rng, 40, tilt=0.5), alpha=0.02, rng=rng).found
