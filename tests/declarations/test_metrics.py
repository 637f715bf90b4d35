"""What a metric's name tells, and who decides its direction."""

import pytest

from harness.declarations.metrics import higher_is_better, metric
from harness.errors import ComparisonError


@pytest.mark.parametrize(
    ("name", "higher", "low", "high"),
    [
        ("acc", True, 0, 1),
        ("acc_norm,none", True, 0, 1),
        ("exact_match,strict-match", True, 0, 1),
        ("rougeL", True, 0, 100),
        ("brier_score", False, 0, 2),
        ("bits_per_byte", False, 0, float("inf")),
        ("answer_margin", True, -float("inf"), float("inf")),
        ("word_perplexity", False, 0, float("inf")),
    ],
)
def test_known_names_have_a_direction_and_a_range(name, higher, low, high):
    found = metric(name)
    assert (found.higher_is_better, found.low, found.high) == (higher, low, high)


def test_accuracies_alone_read_in_points_and_come_with_a_margin():
    assert (metric("acc").points, metric("acc").sesoi) == (True, 0.02)
    assert (metric("bleu").points, metric("bleu").sesoi) == (False, None)


def test_bits_a_byte_come_with_their_unit_and_without_a_margin():
    for name in ("answer_bits_per_byte", "answer_margin", "rationale_margin"):
        assert (metric(name).unit, metric(name).points, metric(name).sesoi) == ("bits/byte", False, None)


def direction(name, recorded=(), lower=None):
    return higher_is_better(name, recorded, lower_is_better=lower, task="near")


def test_what_the_user_says_comes_before_the_record_and_the_record_before_the_name():
    assert direction("acc", [True], lower=True) is False
    assert direction("acc", [False, False]) is False
    assert direction("acc") is True
    assert direction("word_perplexity") is False


def test_records_that_contradict_each_other_are_refused_unless_the_user_decides():
    with pytest.raises(ComparisonError, match=r"^near: the results files disagree"):
        direction("acc", [True, False])
    assert direction("acc", [True, False], lower=False) is True


def test_an_unknown_name_without_a_record_is_refused_with_what_to_say():
    with pytest.raises(ComparisonError, match="--lower-is-better or --higher-is-better"):
        direction("accuracy_of_mine")
    assert direction("accuracy_of_mine", [True]) is True
