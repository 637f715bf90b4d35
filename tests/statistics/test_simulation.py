"""A fast subset of the simulation benchmark: the error rates are those that are promised."""

import numpy as np
import pytest

from benchmarks.statistics.measure import coverage, false_labels, family_error, given
from benchmarks.statistics.peers import peer_coverage
from benchmarks.statistics.share import Cell
from benchmarks.statistics.share import coverage as share_coverage
from benchmarks.statistics.world import World, draws

REPLICATES = 1500
ERROR = 4 * np.sqrt(0.95 * 0.05 / REPLICATES)
"""Four Monte Carlo standard errors: the seeds are fixed, but other versions of numpy draw differently."""


def world(gaps, seeds=3, items=200, seed_sd=0.01, **kind):
    return World(candidates=(gaps,), seeds=seeds, items=items, seed_sd=seed_sd, **kind)


@pytest.mark.parametrize("seeds", [2, 3, 10])
@pytest.mark.parametrize("kind", [{}, {"clustered": True}, {"continuous": True}])
def test_95_percent_intervals_hold_the_truth_as_often_as_they_say(seeds, kind):
    held = coverage(world((0.08, 0.04), seeds, **kind), REPLICATES, np.random.default_rng(7))
    assert min(held.values()) > 0.95 - ERROR, held


@pytest.mark.parametrize("gaps", [(0.0, 0.0), (0.02, 0.0), (0.08, 0.0), (0.08, 0.08), (0.08, 0.04)])
def test_no_untrue_label_is_frequent(gaps):
    rates = false_labels(world(gaps, 5), REPLICATES, np.random.default_rng(8))
    assert rates.rate < 0.03 + ERROR / 2, rates


def test_many_comparisons_share_the_error():
    family = World(candidates=((0.08, 0.08, 0.0),) * 3, seeds=3, items=200, seed_sd=0.01)
    assert family_error(family, 300, np.random.default_rng(9)) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)


def test_true_labels_are_found_more_often_with_more_seeds():
    few, many = (given(world((0.08, 0.08), s, 1000), 200, np.random.default_rng(10))["persists"] for s in (3, 10))
    assert few < many
    assert many > 0.8


def test_the_usual_standard_error_over_items_does_not_hold_with_clusters():
    held = peer_coverage(world((0.08, 0.04), 5, 200, 0.02, clustered=True), 200, np.random.default_rng(11))
    assert held["item stderr"] < 0.93


@pytest.mark.parametrize(("correlation", "naive_below", "naive_above"), [(-0.7, 0.93, 0.0), (0.7, 1.0, 0.99)])
def test_the_share_of_the_gain_holds_whatever_gap_and_gain_share(correlation, naive_below, naive_above):
    cell = Cell(seeds=10, items=100, correlation=correlation, share=0.86)
    held, naive = share_coverage(cell, REPLICATES, np.random.default_rng(13))
    assert held > 0.95 - ERROR
    assert naive_above <= naive <= naive_below


@pytest.mark.parametrize("continuous", [False, True])
def test_the_worlds_truth_is_the_mean_of_its_scores(continuous):
    one = world((0.08, -0.04), 10, 1000, 0.02, continuous=continuous)
    (chunk,) = draws(one, 40, np.random.default_rng(12))
    means = chunk.mean(axis=(3, 4))
    error = means.std(axis=2, ddof=1) / np.sqrt(means.shape[2])
    assert np.all(np.abs(means.mean(axis=2) - np.array([[0.08, -0.04]])) < 4 * error)
