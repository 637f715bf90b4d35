"""Declared factors: what each level does beside the centre, and how far an outcome hangs on a factor."""

from types import SimpleNamespace

import pytest

from harness.verdict.effects import factor_ratings

BETTER, WORSE, ALIKE, OPEN = "candidate better", "reference better", "equivalent within margin", "inconclusive"


def effect(factor, verdict, *, task="k8s", centre="lora", **others):
    gap = SimpleNamespace(reference=centre, task=task, verdict=verdict)
    return SimpleNamespace(levels={factor: "1", **others}, gap=gap)


def varied(*factors, centre="lora"):
    return [SimpleNamespace(centre=SimpleNamespace(name=centre), levels={factor: "1"}) for factor in factors]


@pytest.mark.parametrize(
    ("verdicts", "rating"),
    [
        ([ALIKE, ALIKE], "within margin"),
        ([ALIKE, OPEN], "not settled"),
        ([ALIKE, WORSE], "matters"),
        ([OPEN, BETTER], "matters"),
        (["insufficient"], "not settled"),
    ],
)
def test_a_factor_is_rated_by_the_level_that_does_most(verdicts, rating):
    (found,) = factor_ratings([effect("rank", each) for each in verdicts], varied(*["rank"] * len(verdicts)))
    assert (found.factor, found.task, found.rating) == ("rank", "k8s", rating)


@pytest.mark.parametrize(("verdict", "rating"), [(ALIKE, "not settled"), (WORSE, "matters")])
def test_a_level_that_could_not_be_judged_is_not_within_the_margin(verdict, rating):
    (found,) = factor_ratings([effect("rank", verdict)], varied("rank", "rank"))
    assert found.rating == rating


def test_factors_suites_and_centres_are_rated_apart():
    effects = [effect("rank", ALIKE), effect("rank", WORSE, task="manual"), effect("rank", OPEN, centre="full")]
    ratings = factor_ratings(
        [*effects, effect("dropout", ALIKE)], [*varied("rank", "dropout"), *varied("rank", centre="full")]
    )
    found = [(each.centre, each.task, each.rating) for each in ratings]
    assert found == [
        ("lora", "k8s", "within margin"),
        ("lora", "manual", "matters"),
        ("full", "k8s", "not settled"),
        ("lora", "k8s", "within margin"),
    ]


def test_factors_that_vary_together_are_not_rated():
    assert list(factor_ratings([effect("rank", WORSE, dropout="0.1")], [])) == []
