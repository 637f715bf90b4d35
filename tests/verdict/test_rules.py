"""The rules as a table: order, mirroring, and arrays that agree with single data sets."""

import numpy as np
import pytest

from harness.statistics.moments import moments
from harness.verdict.rules import RULES, Condition, Contrasts, Label, Margins, conditions, label, labels, p_values

MARGINS = Margins(0.02, 0.02)


def shown(gap_in, gap_out, *, noise=0.01, rng=None, shape=(5, 50)):
    rng = rng or np.random.default_rng(2)
    outside, inside = (moments(gap + noise * rng.standard_normal(shape)) for gap in (gap_out, gap_in))
    return Contrasts.of(outside, inside, 0.5)


@pytest.mark.parametrize(
    ("gap_in", "gap_out", "expected"),
    [
        (0.01, 0.5, Label.NO_GAP),
        (0.1, 0.01, Label.VANISHES),
        (0.1, -0.1, Label.REVERSES),
        (0.1, 0.15, Label.AMPLIFIES),
        (0.1, 0.07, Label.ATTENUATES),
        (0.1, 0.1, Label.PERSISTS),
    ],
)
def test_estimates_taken_as_the_truth_give_the_label_of_the_truth(gap_in, gap_out, expected):
    """Without noise nothing is inconclusive; a gap that stays exactly as it is persists."""
    exact = Contrasts.of(moments(np.full((3, 4), gap_out)), moments(np.full((3, 4), gap_in)), 0.5)
    assert label(conditions(exact, MARGINS, None)) is expected


def test_a_gap_that_keeps_its_side_but_under_the_share_still_attenuates_first():
    assert label(conditions(shown(0.2, 0.05), MARGINS, 0.025)) is Label.ATTENUATES


def test_noise_makes_every_label_inconclusive():
    assert label(conditions(shown(0.1, 0.1, noise=5.0), MARGINS, 0.025)) is Label.INCONCLUSIVE


def test_replicates_are_labelled_as_one_by_one():
    rng = np.random.default_rng(4)
    many = rng.normal(0.03, 0.15, size=(2, 60, 4, 40)) + rng.normal(0, 0.03, size=(2, 60, 1, 1))
    together = labels(conditions(Contrasts.of(moments(many[0]), moments(many[1]), 0.5), MARGINS, 0.025))
    alone = [
        label(conditions(Contrasts.of(moments(many[0, k]), moments(many[1, k]), 0.5), MARGINS, 0.025))
        for k in range(60)
    ]
    assert list(together) == alone
    assert len(set(alone)) > 3


def test_a_condition_is_met_exactly_where_its_p_value_is_below_the_level():
    rng = np.random.default_rng(5)
    for _ in range(40):
        one = shown(0.05, 0.02, noise=0.4, rng=rng)
        met, tests = conditions(one, MARGINS, 0.025), p_values(one, MARGINS)
        assert {each: bool(met[each]) for each in Condition} == {each: tests[each] < 0.025 for each in Condition}


def test_every_label_but_the_last_two_has_a_rule():
    unruled = (Label.INCONCLUSIVE, Label.INSUFFICIENT)
    assert [found for found, _ in RULES] == [each for each in Label if each not in unruled]
