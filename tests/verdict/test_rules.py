"""The rules as a table: order, mirroring, and arrays that agree with single data sets."""

import json
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest

from harness.statistics.contrast import Contrast
from harness.statistics.moments import moments
from harness.verdict import rules
from harness.verdict.rules import (
    RULES,
    Condition,
    Contrasts,
    Label,
    Margins,
    conditions,
    label,
    labels,
    needed,
    p_values,
)

MARGINS = Margins(0.02, 0.02)
SCHEMA = Path(__file__).parents[2] / "specs/schema/verdict.schema.json"


def shown(gap_in, gap_out, *, noise=0.01, rng=None, shape=(5, 50)):
    rng = rng or np.random.default_rng(2)
    outside, inside = (moments(gap + noise * rng.standard_normal(shape)) for gap in (gap_out, gap_in))
    return Contrasts.of(outside, inside, 0.5)


def known(estimate, width):
    """A contrast whose 95% interval is `estimate` ± `width`: many degrees of freedom, no variance between seeds."""
    estimate, variance = np.broadcast_arrays(np.asarray(estimate, dtype=float), (np.asarray(width) / 1.959964) ** 2)
    return Contrast(
        estimate=estimate,
        seed_variance=np.zeros_like(variance),
        item_variance=variance,
        seed_df=1.0,
        item_df=np.full_like(variance, 1e9),
    )


def placed(gap_in, gap_out, *, width_in, width_out, width_delta):
    """Contrasts whose intervals are placed by hand; that of the retained share is as wide as that of the change."""
    return Contrasts(
        gap_in=known(gap_in, width_in),
        gap_out=known(gap_out, width_out),
        delta=known(gap_out - gap_in, width_delta),
        retention=known(gap_out - 0.5 * gap_in, width_delta),
    )


def corners():
    """Every kind of data: gaps and widths below, near and beyond the margin of 0.02; without a gain, then with one."""
    places = (-0.1, -0.03, -0.015, 0.0, 0.015, 0.03, 0.07, 0.1)
    grid = np.array(list(product(places, places, *[(0.001, 0.01, 0.03, 0.5)] * 3, (-0.1, 0.1)))).T
    one = placed(*grid[:2], width_in=grid[2], width_out=grid[3], width_delta=grid[4])
    return [conditions(one, MARGINS, 0.025, gain=gain) for gain in (None, known(grid[5], 0.01))]


CORNERS = corners()


def labelled():
    return [list(labels(met)) for met in CORNERS]


@pytest.mark.parametrize(
    ("gap_in", "gap_out", "expected"),
    [
        (0.01, 0.5, Label.EMERGES),
        (0.01, -0.5, Label.EMERGES),
        (0.01, 0.01, Label.NO_GAP),
        (0.1, 0.01, Label.VANISHES),
        (0.1, -0.1, Label.REVERSES),
        (0.1, 0.15, Label.AMPLIFIES),
        (0.1, 0.07, Label.ATTENUATES),
        (0.1, 0.04, Label.ATTENUATES),
        (0.1, 0.1, Label.PERSISTS_UNCHANGED),
        (0.1, 0.09, Label.PERSISTS_UNCHANGED),
        (0.1, 0.11, Label.PERSISTS_UNCHANGED),
    ],
)
def test_estimates_taken_as_the_truth_give_the_label_of_the_truth(gap_in, gap_out, expected):
    """Without noise nothing is inconclusive; a change below the margin is none."""
    exact = Contrasts.of(moments(np.full((3, 4), gap_out)), moments(np.full((3, 4), gap_in)), 0.5)
    assert label(conditions(exact, MARGINS, None)) is expected


def test_a_change_below_the_margin_is_none_however_well_it_is_known():
    """Gaps of .155 and .137 with a margin of .02, as an exact study of the first published run would see them."""
    one = placed(0.155, 0.137, width_in=0.001, width_out=0.001, width_delta=0.001)
    met = conditions(one, MARGINS, 0.025)
    assert met[Condition.SHRINKS]
    assert label(met) is Label.PERSISTS_UNCHANGED


def by_hand(holds):
    """The table once more, as a reader would go through it."""
    if not holds.get(Condition.LEARNED, True):
        return Label.NOT_LEARNED
    if holds[Condition.IN_WITHIN]:
        return Label.EMERGES if holds[Condition.OUT_BEYOND] else Label.NO_GAP
    return by_hand_with_a_gap(holds) if holds[Condition.IN_GAP] else Label.INCONCLUSIVE


def by_hand_with_a_gap(holds):
    if holds[Condition.OUT_WITHIN] and holds[Condition.SHRINKS]:
        return Label.VANISHES
    if holds[Condition.OUT_OTHER]:
        return Label.REVERSES
    if holds[Condition.OUT_SAME]:
        return by_hand_on_the_same_side(holds)
    return Label.SHRINKS_UNRESOLVED if holds[Condition.SHRINKS] else Label.INCONCLUSIVE


def by_hand_on_the_same_side(holds):
    if holds[Condition.RETAINS] and holds[Condition.UNCHANGED]:
        return Label.PERSISTS_UNCHANGED
    if holds[Condition.GROWS]:
        return Label.AMPLIFIES
    if holds[Condition.SHRINKS]:
        return Label.ATTENUATES
    return Label.PERSISTS if holds[Condition.RETAINS] else Label.PERSISTS_UNSIZED


def test_the_first_rule_of_the_table_that_holds_gives_the_label():
    for met, found in zip(CORNERS, labelled(), strict=True):
        expected = [by_hand(dict(zip(met, holds, strict=True))) for holds in zip(*met.values(), strict=True)]
        assert found == expected
    assert set(found) == {*Label} - {Label.INSUFFICIENT}


DISJOINT = [
    (Label.REVERSES, Label.PERSISTS_UNCHANGED),
    (Label.AMPLIFIES, Label.ATTENUATES),
    (Label.PERSISTS_UNSIZED, Label.SHRINKS_UNRESOLVED),
]
"""Neighbours that can never both hold, or whose both holding an earlier rule catches."""


@pytest.mark.parametrize("place", range(len(RULES) - 1))
def test_each_rule_stands_before_the_next_for_a_reason(place, monkeypatch):
    """Two neighbours exchanged give other labels somewhere, unless they cannot both hold."""
    before = labelled()
    swapped = list(RULES)
    swapped[place : place + 2] = reversed(swapped[place : place + 2])
    monkeypatch.setattr(rules, "RULES", tuple(swapped))
    pair = (RULES[place].label, RULES[place + 1].label)
    assert (labelled() == before) == (pair in DISJOINT)


@pytest.mark.parametrize("place", range(len(RULES)))
def test_no_rule_can_be_left_out(place, monkeypatch):
    before = labelled()
    monkeypatch.setattr(rules, "RULES", RULES[:place] + RULES[place + 1 :])
    assert labelled() != before


CONDITIONS = [(place, condition) for place, rule in enumerate(RULES) for condition in rule.shown]


@pytest.mark.parametrize(("place", "condition"), CONDITIONS)
def test_no_condition_of_a_rule_can_be_left_out(place, condition, monkeypatch):
    before, rule = labelled(), RULES[place]
    fewer = rules.Rule(rule.label, tuple(each for each in rule.shown if each is not condition), rule.missing)
    monkeypatch.setattr(rules, "RULES", (*RULES[:place], fewer, *RULES[place + 1 :]))
    assert labelled() != before


def test_a_gate_that_cannot_be_asked_is_passed_over():
    one = shown(0.1, 0.1)
    assert label(conditions(one, MARGINS, 0.025)) is Label.PERSISTS_UNCHANGED
    assert label(conditions(one, MARGINS, 0.025, gain=known(0.0, 0.1))) is Label.NOT_LEARNED
    assert label(conditions(one, MARGINS, 0.025, gain=known(0.2, 0.1))) is Label.PERSISTS_UNCHANGED


def test_what_is_needed_for_a_label_includes_the_gates_before_it():
    assert needed(Label.NO_GAP) == (Condition.LEARNED, Condition.IN_WITHIN)
    assert needed(Label.PERSISTS) == (
        Condition.LEARNED,
        Condition.IN_GAP,
        Condition.OUT_SAME,
        Condition.RETAINS,
    )
    assert needed(Label.INCONCLUSIVE) == needed(Label.NOT_LEARNED) == ()


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
        one, gain = shown(0.05, 0.02, noise=0.4, rng=rng), shown(0.1, 0.0, noise=0.4, rng=rng).gap_in
        met, tests = conditions(one, MARGINS, 0.025, gain=gain), p_values(one, MARGINS, gain=gain)
        assert {each: bool(met[each]) for each in Condition} == {each: tests[each] < 0.025 for each in Condition}


def test_every_label_has_a_rule_or_is_no_statement_about_scores():
    assert {rule.label for rule in RULES} == {*Label} - {Label.INSUFFICIENT}


def test_the_schema_knows_the_labels_of_the_code():
    known = json.loads(SCHEMA.read_text(encoding="utf-8"))["$defs"]["comparison"]["properties"]
    assert known["verdict"]["enum"] == [each.value for each in Label]
    assert known["verdict_if_failures_are_worst"]["enum"] == [*(each.value for each in Label), None]


def test_the_labels_stand_in_the_order_of_their_rules():
    first = [[rule.label for rule in RULES].index(each) for each in Label if each is not Label.INSUFFICIENT]
    decided = [place for place, each in zip(first, Label, strict=False) if each is not Label.INCONCLUSIVE]
    assert all(before < after for before, after in pairwise(decided))
