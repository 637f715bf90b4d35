"""Every label is reached by the conditions it needs, in their order, and by no others."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.statistics.contrast import Contrast
from harness.statistics.moments import moments
from harness.verdict.evidence import Evidence, evidence
from harness.verdict.rules import RULES, Condition, Label, Margins, conditions, label, labels, p_values

TAIL = 0.025
MARGINS = Margins(0.02, 0.03)
CERTAIN = 1e-4


def known(estimate, se):
    """Return a contrast with a given standard error, half of its variance from seeds."""
    half = np.asarray(se**2 / 2)
    return Contrast(
        estimate=np.asarray(estimate), seed_variance=half, item_variance=half, seed_df=4.0, item_df=np.asarray(500.0)
    )


def shown(inside, outside, *, se=CERTAIN, delta_se=None, retention=0.5, retention_se=None, out_se=None):
    """Return evidence for two true gaps, with a standard error for each contrast."""
    return Evidence(
        gap_in=known(inside, se),
        gap_out=known(outside, out_se or se),
        delta=known(outside - inside, delta_se or se),
        retention=known(outside - retention * inside, retention_se or se),
    )


def found(seen):
    return label(conditions(seen, MARGINS, TAIL))


CASES = [
    (Label.NO_GAP, shown(0.005, 0.1)),
    (Label.VANISHES, shown(0.1, 0.001)),
    (Label.REVERSES, shown(0.1, -0.1)),
    (Label.AMPLIFIES, shown(0.1, 0.2)),
    (Label.ATTENUATES, shown(0.1, 0.06)),
    (Label.PERSISTS, shown(0.1, 0.1)),
    (Label.PERSISTS_UNSIZED, shown(0.1, 0.06, delta_se=0.04, retention_se=0.04)),
    (Label.SHRINKS_UNRESOLVED, shown(0.1, 0.03, out_se=0.02)),
    (Label.INCONCLUSIVE, shown(0.1, 0.06, out_se=0.04, delta_se=0.04, retention_se=0.04)),
    (Label.INCONCLUSIVE, shown(0.1, 0.1, se=0.2)),
]


@pytest.mark.parametrize(("expected", "seen"), CASES, ids=[f"{k}-{each}" for k, (each, _) in enumerate(CASES)])
def test_a_label_is_reached(expected, seen):
    assert found(seen) is expected


@pytest.mark.parametrize(("expected", "seen"), CASES, ids=[f"{k}-{each}" for k, (each, _) in enumerate(CASES)])
def test_a_lead_of_the_candidate_is_judged_by_the_same_rules(expected, seen):
    parts = {name: getattr(seen, name) for name in ("gap_in", "gap_out", "delta", "retention")}
    mirrored = Evidence(
        **{name: known(-float(part.estimate), float(part.se)) for name, part in parts.items()},
    )
    assert found(mirrored) is expected
    there, back = p_values(seen, MARGINS), p_values(mirrored, MARGINS)
    assert back == pytest.approx(there)


def test_a_gap_that_is_not_shown_in_domain_settles_nothing_out_of_domain():
    sure = shown(0.1, 0.3)
    unsure = Evidence(gap_in=known(0.1, 0.2), gap_out=sure.gap_out, delta=sure.delta, retention=sure.retention)
    assert found(sure) is Label.AMPLIFIES
    assert found(unsure) is Label.INCONCLUSIVE


def test_every_combination_of_conditions_has_the_first_label_whose_conditions_are_met():
    for truths in itertools.product([False, True], repeat=len(Condition)):
        met = {each: np.asarray(truth) for each, truth in zip(Condition, truths, strict=True)}
        fitting = [name for name, needed in RULES if all(met[each] for each in needed)]
        assert label(met) is (fitting[0] if fitting else Label.INCONCLUSIVE)


def test_all_labels_but_insufficient_are_given_by_rules():
    reached = {expected for expected, _ in CASES}
    assert reached == set(Label) - {Label.INSUFFICIENT}


def test_replicates_are_labelled_one_by_one():
    truths = np.array([0.001, -0.1, 0.2, 0.06, 0.1])
    seen = shown(np.full(5, 0.1), truths)
    assert list(labels(conditions(seen, MARGINS, TAIL))) == [
        "vanishes",
        "reverses",
        "amplifies",
        "attenuates",
        "persists",
    ]


@given(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2), st.floats(0.001, 0.1), st.sampled_from([0.025, 0.005]))
@settings(deadline=None, max_examples=60)
def test_a_condition_is_met_exactly_when_its_p_value_is_below_the_level(inside, outside, se, tail):
    seen = shown(inside, outside, se=se)
    met, tests = conditions(seen, MARGINS, tail), p_values(seen, MARGINS)
    for each in Condition:
        if abs(tests[each] - tail) > 1e-9:
            assert bool(met[each]) == (tests[each] < tail)


@given(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2), st.floats(0.001, 0.1))
@settings(deadline=None, max_examples=60)
def test_what_a_stricter_level_shows_a_laxer_one_shows_too(inside, outside, se):
    seen = shown(inside, outside, se=se)
    strict, lax = (conditions(seen, MARGINS, tail) for tail in (0.001, 0.025))
    assert all(not strict[each] or lax[each] for each in Condition)


def test_the_change_is_held_to_the_narrower_margin():
    assert MARGINS.delta == 0.02
    assert not conditions(shown(0.1, 0.125), MARGINS, TAIL)[Condition.UNCHANGED]
    assert conditions(shown(0.1, 0.115), MARGINS, TAIL)[Condition.UNCHANGED]


def test_without_a_level_the_estimates_are_taken_for_the_truth():
    seen = shown(0.1, 0.06, se=1.0)
    assert label(conditions(seen, MARGINS, None)) is Label.ATTENUATES
    assert found(seen) is Label.INCONCLUSIVE


def test_evidence_holds_the_four_contrasts_of_two_suites():
    rng = np.random.default_rng(8)
    outside, inside = rng.random((3, 20)), rng.random((3, 30)) + 0.5
    seen = evidence(moments(outside), moments(inside), 0.25)
    gap_out, gap_in = outside.mean(), inside.mean()
    assert float(seen.gap_in.estimate) == pytest.approx(gap_in)
    assert float(seen.gap_out.estimate) == pytest.approx(gap_out)
    assert float(seen.delta.estimate) == pytest.approx(gap_out - gap_in)
    assert float(seen.retention.estimate) == pytest.approx(gap_out - 0.25 * gap_in)
