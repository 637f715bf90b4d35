"""Scores over all items, made of what lm-eval logs of each item, are those that lm-eval computes."""

import math

import numpy as np
import pytest
from lm_eval.api import metrics as lm_eval

from harness.compare.corpora import corpus

RNG = np.random.default_rng(5)
WORDS = ["the", "pod", "restarts", "when", "its", "probe", "fails", "and", "then", "waits"]
TEXTS = [" ".join(RNG.choice(WORDS, size=n)) for n in RNG.integers(4, 9, size=24)]
GIVEN = [" ".join(word for word in text.split() if RNG.random() < 0.8) or "pod" for text in TEXTS]
LABELS = [[int(right), int(given)] for right, given in RNG.integers(2, size=(40, 2))]
LIKELIHOODS = (-RNG.exponential(5.0, size=20)).tolist()
SIZES = RNG.integers(3, 40, size=20).tolist()
PROBABILITIES = [[int(RNG.integers(3)), row.tolist()] for row in RNG.dirichlet(np.ones(3), size=20)]

VALUES = {
    "perplexity": LIKELIHOODS,
    "weighted_perplexity": [list(pair) for pair in zip(LIKELIHOODS, SIZES, strict=True)],
    "bits_per_byte": [list(pair) for pair in zip(LIKELIHOODS, SIZES, strict=True)],
    "brier_score": PROBABILITIES,
    "f1": LABELS,
    "matthews_corrcoef": LABELS,
    "bleu": [list(pair) for pair in zip(TEXTS, GIVEN, strict=True)],
    "chrf": [list(pair) for pair in zip(TEXTS, GIVEN, strict=True)],
    "chrf++": [list(pair) for pair in zip(TEXTS, GIVEN, strict=True)],
    "ter": [list(pair) for pair in zip(TEXTS, GIVEN, strict=True)],
}
THEIRS = {
    "perplexity": lm_eval.perplexity,
    "weighted_perplexity": lm_eval.weighted_perplexity,
    "bits_per_byte": lm_eval.bits_per_byte,
    "brier_score": lm_eval.brier_score,
    "f1": lm_eval.f1_score,
    "matthews_corrcoef": lm_eval.matthews_corrcoef,
    "bleu": lm_eval.bleu,
    "chrf": lm_eval.chrf,
    "chrf++": lm_eval.chrfpp,
    "ter": lm_eval.ter,
}


@pytest.mark.parametrize("name", VALUES)
def test_the_score_is_lm_evals_and_so_is_that_of_the_rest(name):
    values, theirs = VALUES[name], THEIRS[name]
    ours = corpus(name, values)
    units = np.arange(len(values)) // 4
    left = [
        theirs([value for value, k in zip(values, units, strict=True) if k != unit]) for unit in range(units[-1] + 1)
    ]
    assert float(ours.score()) == pytest.approx(theirs(values))
    assert ours.without(units) == pytest.approx(np.array(left))


def test_several_references_an_item_count_as_lm_eval_counts_them():
    values = [[[text, text.upper()], given] for text, given in zip(TEXTS, GIVEN, strict=True)]
    values[3][0].append("a third one")
    assert float(corpus("bleu", values).score()) == pytest.approx(lm_eval.bleu(values))


def test_words_may_be_labels():
    values = [["yes", "yes"], ["no", "yes"], ["maybe", "no"], ["no", "no"]]
    assert float(corpus("micro_f1", values).score()) == pytest.approx(0.5)


def test_the_area_under_the_curve_takes_a_label_and_a_number():
    assert float(corpus("roc_auc", [[1, 0.9], [0, 0.2], [0, 0.95], [1, 0.5]]).score()) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("f1", [[0, 1], 3], "3 is logged"),
        ("f1", [["a", "b"], ["a", "a"]], "takes 0 and 1"),
        ("weighted_perplexity", [[-1.0, 3], [math.nan, 4]], "two finite numbers"),
        ("macro_f1", [[k, k] for k in range(80)], "80 labels"),
    ],
)
def test_values_of_another_kind_are_refused_by_what_they_are(name, values, words):
    with pytest.raises(ValueError, match=words):
        corpus(name, values)
