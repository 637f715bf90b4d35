"""Alpha is Krippendorff's own example's, and the naive definition's; where there is none it says why."""

import sys
from itertools import permutations

import pytest

from harness.errors import MissingExtraError
from harness.ratings.agreement import agreement, package
from harness.ratings.returned import Rater

# Krippendorff (2011), "Computing Krippendorff's alpha-reliability", example C: four observers, twelve units.
EXAMPLE = ("123321412   ", "1233224125 3", " 3332342251 ", "12332441251 ")


def raters_of(rows, column="coherence_a"):
    marks = [{f"p{n}": {column: float(mark)} for n, mark in enumerate(row) if mark != " "} for row in rows]
    return [Rater(name=f"r{k}", expertise="none", marks=each) for k, each in enumerate(marks)]


def alphas(raters, count):
    return {each.mark: each for each in agreement(raters, [f"p{n}" for n in range(count)])}


def test_it_is_that_of_krippendorffs_example():
    pytest.importorskip("krippendorff", reason="needs the extra `ratings`")
    found = alphas(raters_of(EXAMPLE), 12)["coherence"]
    assert (round(found.alpha, 3), found.units, found.scale) == (0.815, 11, "ordinal")


def test_of_a_nominal_mark_it_is_one_minus_observed_over_expected_disagreement():
    pytest.importorskip("krippendorff", reason="needs the extra `ratings`")
    rows = ["110010", "100110", "110011"]
    found = alphas(raters_of(rows, "right_a"), 6)["right"]
    within = [a != b for unit in zip(*rows, strict=True) for a, b in permutations(unit, 2)]
    overall = [a != b for a, b in permutations("".join(rows), 2)]
    assert found.alpha == pytest.approx(1 - (sum(within) / len(within)) / (sum(overall) / len(overall)))


def test_without_anything_to_agree_in_it_says_why():
    same = alphas(raters_of(["444", "444"]), 3)
    assert (same["coherence"].alpha, same["coherence"].note.partition(":")[0]) == (None, "all marks are the same")
    assert (same["right"].alpha, same["right"].note) == (None, "nothing was marked by two raters")


def test_without_the_package_a_sentence_says_what_brings_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "krippendorff", None)
    with pytest.raises(MissingExtraError, match=r"pip install -c constraints.txt '\.\[ratings\]'"):
        package()
