"""What it would take: labels that the estimates point at, within the items that there are."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.verdict import judge_scores
from harness.verdict.pointed import PARTIAL, UNSETTLED
from harness.verdict.rules import RULES, Label
from helpers.stand_ins import design, scores

INSIDE, OUTSIDE = "in_domain_0", "out_of_domain_1"
ORDER = [rule.label.value for rule in RULES if rule.shown]


def judged(gaps, *, seeds=3, items=100, noise=0.3, seed_sd=0.01, rng=1, clusters=None, **changes):
    one = design(seeds, **changes)
    rng = np.random.default_rng(rng)
    return judge_scores(one, scores(one, gaps, items=items, noise=noise, seed_sd=seed_sd, rng=rng, clusters=clusters))


def first(*args, **changes):
    return judged(*args, **changes).comparisons[0]


def mixes(need):
    return [mix for label in need.labels for mix in (*label.enough, *label.enough_at_upper_limit)]


def test_more_items_are_asked_for_only_where_there_are_some():
    known = first((0.06, 0.06), available={INSIDE: 1000, OUTSIDE: 700}).need
    assert known.available == {INSIDE: 1000, OUTSIDE: 700}
    assert max(mix.items for mix in mixes(known)) > 1
    assert all(1 <= mix.items <= 7 for mix in mixes(known))
    unknown = first((0.06, 0.06)).need
    assert unknown.available == {INSIDE: None, OUTSIDE: None}
    assert {mix.items for mix in mixes(unknown)} <= {1.0}


def test_fixed_items_are_all_that_there_are():
    one = design(3, available={INSIDE: 1000, OUTSIDE: 1000})
    data = scores(one, (0.06, 0.06), items=100, noise=0.3, seed_sd=0.02)
    data = tuple(replace(each, suite=replace(each.suite, fixed_items=True)) for each in data)
    need = judge_scores(one, data).comparisons[0].need
    assert need.available == {INSIDE: 100, OUTSIDE: 100}
    assert {mix.items for mix in mixes(need)} <= {1.0}


@settings(deadline=None, max_examples=30)
@given(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2), st.integers(3, 5), st.integers(0, 50))
def test_what_is_listed_is_pointed_at_and_would_be_more_than_there_is(gap_in, gap_out, seeds, rng):
    found = first((gap_in, gap_out), seeds=seeds, rng=rng, available={INSIDE: 1000, OUTSIDE: 1000})
    if found.verdict not in [label.value for label in UNSETTLED]:
        assert found.need is None
        return
    if found.need is None:
        return
    assert found.need.seeds == seeds
    met = {each.name for each in found.conditions if each.met}
    listed = [each.label for each in found.need.labels]
    assert listed == [label for label in ORDER if label in listed]
    for label in found.need.labels:
        assert label.missed
        assert not set(label.missed) & met
        assert all(mix.seeds >= seeds for mix in (*label.enough, *label.enough_at_upper_limit))
        assert label.decisive == (label.label not in [each.value for each in PARTIAL])
    if found.verdict in ORDER:
        assert all(ORDER.index(label) < ORDER.index(found.verdict) for label in listed)


def test_a_gap_that_is_neither_shown_nor_large_can_only_be_shown_to_be_none():
    found = first((0.01, 0.06), noise=0.2)
    assert abs(found.gap_in.estimate) < found.sesoi_in
    assert [each.label for each in found.need.labels] == [Label.NO_GAP.value]


def test_a_partial_verdict_lists_what_would_settle_it():
    found = [first((0.1, 0.1), noise=0.3, seeds=5, rng=rng) for rng in range(12)]
    partial = [each for each in found if each.verdict == Label.PERSISTS_UNSIZED.value]
    assert partial
    for each in partial:
        assert each.need.labels
        assert all(label.decisive for label in each.need.labels)


def test_a_single_seed_shows_no_variance_to_plan_with():
    assert first((0.06, 0.06), seeds=1).need is None


def test_where_the_items_are_too_few_for_any_number_of_seeds_it_is_out_of_reach():
    rng = np.random.default_rng(3)
    one = design(3, available={INSIDE: 60, OUTSIDE: 60})
    data = scores(one, (0.05, 0.05), items=60, noise=0.02, seed_sd=0.001)
    # The gap depends on the item, the same for every seed.
    for suite in data:
        suite.values["lora"] += 0.5 * rng.standard_normal(60)
    need = judge_scores(one, data).comparisons[0].need
    assert need is None or all(not each.enough and each.least_items > 1 for each in need.labels)


@pytest.mark.parametrize(
    ("gap", "label"), [(0.0, "equivalent within margin"), (0.05, "reference better"), (-0.05, "candidate better")]
)
def test_a_gap_alone_points_at_one_label(gap, label):
    (found,) = judged((gap,), roles=("in_domain",), noise=0.25, seed_sd=0.002).in_domain
    assert found.verdict == "inconclusive"
    assert [each.label for each in found.need.labels] == [label]


def test_a_guard_counts_from_the_margin():
    found = judged((0.05, 0.05, 0.001), roles=("in_domain", "out_of_domain", "guard"), noise=0.25)
    (full, _) = found.guards
    assert full.verdict == "inconclusive"
    (label, *_) = full.need.labels
    assert (label.label, label.missed) == ("no forgetting within margin", ("loses_less_than_margin",))


def test_a_declared_variance_between_seeds_is_no_basis_for_a_plan():
    assert first((0.06, 0.06), seeds=1, variances={"seed_sd": 0.01, "seed_df": 5.0}).need is None
