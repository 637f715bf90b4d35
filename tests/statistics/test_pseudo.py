"""Pseudo-values are a mean's own items, have the score as their mean, and leave out what they say they leave out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, matthews_corrcoef, roc_auc_score

from harness.statistics import aggregates
from harness.statistics.moments import moments
from harness.statistics.pseudo import Additive, Ranking, pseudo_values
from helpers.paired import quick

SCORES = {
    "binary": (aggregates.binary_f1, f1_score),
    "micro": (aggregates.micro_f1, lambda right, given: f1_score(right, given, average="micro")),
    "macro": (aggregates.macro_f1, lambda right, given: f1_score(right, given, average="macro", zero_division=0)),
    "weighted": (
        aggregates.weighted_f1,
        lambda right, given: f1_score(right, given, average="weighted", zero_division=0),
    ),
    "matthews": (aggregates.matthews, matthews_corrcoef),
}


def labelled(seed, items=60, labels=2):
    rng = np.random.default_rng(seed)
    right = rng.integers(labels, size=items)
    given_labels = np.where(rng.random(items) < 0.6, right, rng.integers(labels, size=items))
    parts = np.eye(labels * labels)[labels * right + given_labels]
    return right, given_labels, parts


@given(values=st.lists(st.floats(-5, 5), min_size=3, max_size=20))
@quick
def test_those_of_a_mean_are_its_items(values):
    parts = np.stack([values, np.ones(len(values))], axis=1)
    found = pseudo_values(Additive(parts, aggregates.ratio), np.arange(len(values)))
    assert found == pytest.approx(np.array(values), abs=1e-9)


def test_those_of_a_clustered_mean_have_nearly_the_clustered_error():
    rng = np.random.default_rng(3)
    units = rng.permutation(np.repeat(np.arange(40), [4, 6] * 20))
    values = rng.standard_normal(40)[units] + rng.standard_normal(200)
    found = pseudo_values(Additive(np.stack([values, np.ones(200)], axis=1), aggregates.ratio), units)
    assert found.mean() == pytest.approx(values.mean())
    assert moments(found[None]).total == pytest.approx(moments(values[None], units).total, rel=0.05)


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("labels", [2, 4])
def test_what_is_left_out_is_left_out_of_the_score(name, labels):
    ours, theirs = SCORES[name]
    if name == "binary" and labels > 2:
        pytest.skip("one label is the positive one")
    right, given_labels, parts = labelled(1, labels=labels)
    units = np.arange(60) // 5
    corpus = Additive(parts, ours)
    assert corpus.score() == pytest.approx(theirs(right, given_labels))
    left = [theirs(right[units != k], given_labels[units != k]) for k in range(12)]
    assert corpus.without(units) == pytest.approx(left)
    assert pseudo_values(corpus, units).mean() == pytest.approx(corpus.score())


@pytest.mark.parametrize("size", [1, 5])
def test_the_area_under_the_curve_without_each_unit_is_that_of_the_rest(size):
    rng = np.random.default_rng(2)
    positive = rng.random(60) < 0.4
    values = np.round(rng.standard_normal(60) + positive, 1)  # with ties
    units = np.arange(60) // size
    corpus = Ranking(positive, values)
    assert corpus.score() == pytest.approx(roc_auc_score(positive, values))
    left = [roc_auc_score(positive[units != k], values[units != k]) for k in range(units.max() + 1)]
    assert corpus.without(units) == pytest.approx(left)


def test_a_score_that_hangs_on_one_unit_has_none():
    corpus = Ranking(np.array([True, False, False, False]), np.arange(4.0))
    with pytest.raises(ValueError, match="no score"):
        pseudo_values(corpus, np.arange(4))
