"""What must not change a verdict does not, and failures are weighed as the method says."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.compare.design import FailedRun
from harness.verdict import judge_scores
from helpers.stand_ins import design, scores

CONTRASTS = ("gap_in", "gap_out", "delta", "retention")
quick = settings(deadline=None, max_examples=12)
cases = st.tuples(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2), st.integers(0, 50))


def drawn(case, *, clusters=None, roles=("in_domain", "out_of_domain")):
    """Return a design of four seeds and its noisy scores of 48 items."""
    *gaps, seed = case
    one = design(4, roles=roles)
    rng = np.random.default_rng(seed)
    return one, scores(one, gaps, items=48, noise=0.2, seed_sd=0.02, rng=rng, clusters=clusters)


def changed(data, change):
    """Return scores with `change` applied to every arm's rows."""
    return tuple(replace(one, values={name: change(rows) for name, rows in one.values.items()}) for one in data)


def same(one, before, after):
    """Hold two sets of scores to the same verdict and, up to rounding, the same numbers."""
    first, second = judge_scores(one, before).comparisons[0], judge_scores(one, after).comparisons[0]
    assert first.verdict == second.verdict
    for name in CONTRASTS:
        here, there = getattr(first, name), getattr(second, name)
        numbers = [here.estimate, *here.interval, here.se, here.p]
        assert [there.estimate, *there.interval, there.se, there.p] == pytest.approx(numbers, rel=1e-6, abs=1e-9)
    assert first.ratio.kind == second.ratio.kind
    assert [met.met for met in first.conditions] == [met.met for met in second.conditions]


@given(cases, st.integers(0, 100))
@quick
def test_the_order_of_items_and_of_clusters_does_not_matter(case, seed):
    one, data = drawn(case, clusters=np.arange(48) // 3)
    order, names = np.random.default_rng(seed).permutation(48), np.random.default_rng(seed + 1).permutation(16)
    moved = tuple(replace(each, clusters=names[each.clusters][order]) for each in data)
    same(one, data, changed(moved, lambda rows: rows[:, order]))


@given(cases, st.permutations(range(4)))
@quick
def test_the_order_of_seeds_does_not_matter(case, order):
    one, data = drawn(case)
    same(one, data, changed(data, lambda rows: rows[list(order)]))


@given(cases, st.floats(-1, 1))
@quick
def test_what_both_arms_gain_alike_does_not_matter(case, shift):
    one, data = drawn(case)
    same(one, data, changed(data, lambda rows: rows + shift))


@given(cases)
@quick
def test_a_harder_item_is_no_other_than_an_easy_one(case):
    one, data = drawn(case)
    same(one, data, changed(data, lambda rows: rows + np.linspace(-0.5, 0.5, 48)))


@given(cases, st.integers(2, 3))
@quick
def test_copies_of_items_under_one_label_say_nothing_new(case, copies):
    one, data = drawn(case, clusters=np.arange(48))
    doubled = tuple(replace(each, clusters=np.repeat(each.clusters, copies)) for each in data)
    same(one, data, changed(doubled, lambda rows: np.repeat(rows, copies, axis=1)))


@given(cases)
@quick
def test_the_same_scores_read_in_another_order_of_arms_give_the_same_bytes(case):
    one, data = drawn(case)
    turned = tuple(replace(each, values=dict(reversed(each.values.items()))) for each in data)
    first, second = (json.dumps(judge_scores(one, each).to_json()) for each in (data, turned))
    assert first == second


def test_a_guard_is_judged_apart_and_leaves_the_comparison_alone():
    one, data = drawn((0.1, 0.1, 3))
    both, more = drawn((0.1, 0.1, 0.0, 3), roles=("in_domain", "out_of_domain", "guard"))
    assert judge_scores(both, more).comparisons[0].gap_in == judge_scores(one, data).comparisons[0].gap_in
    assert judge_scores(both, more).level == judge_scores(one, data).level


def with_a_failure(place, seeds=6):
    """Return the design with one failed run of the candidate, and the same design without it."""
    failed = design(seeds, failed=(place,))
    return failed, design(seeds)


def test_a_failed_run_is_left_out_and_never_a_score():
    failed, whole = with_a_failure(5)
    data = scores(whole, (0.1, 0.1))
    shorter = changed(data, lambda rows: rows[:5])
    kept = judge_scores(failed, data).comparisons[0]
    without = judge_scores(design(5), shorter).comparisons[0]
    assert kept.seeds == without.seeds == 5
    assert kept.gap_in == without.gap_in
    assert kept.delta == without.delta


def test_a_failure_of_the_reference_drops_the_pair_as_well():
    whole = design(5)
    runs = (*whole.reference.runs[:4], FailedRun(kind="nan_loss", message="not a number", seed=4))
    one = replace(whole, reference=replace(whole.reference, runs=runs))
    content = judge_scores(one, scores(one, (0.1, 0.1)))
    assert content.comparisons[0].seeds == 4
    assert [each.arm for each in content.failures if each.rate.failed] == ["full"]
    assert content.failures[0].p_against_reference is None


def test_a_verdict_is_fragile_where_the_worst_case_would_change_it():
    one, _ = with_a_failure(2)
    found = judge_scores(one, scores(one, (0.1, 0.1))).comparisons[0]
    assert found.verdict == "persists, unchanged"
    assert found.fragile
    assert found.verdict_if_failures_are_worst != "persists"


def test_a_verdict_that_the_worst_case_leaves_alone_is_not_fragile():
    one = design(6, failed=(2,))
    found = judge_scores(one, scores(one, (0.05, 0.05), noise=0.6, seed_sd=0.1)).comparisons[0]
    assert found.verdict == found.verdict_if_failures_are_worst == "inconclusive"
    assert not found.fragile


def test_without_failures_nothing_is_said_of_them():
    one = design(4)
    content = judge_scores(one, scores(one, (0.1, 0.1)))
    assert content.failures == ()
    assert not content.comparisons[0].fragile
    assert content.comparisons[0].verdict_if_failures_are_worst is None


def test_three_pairs_left_after_failures_are_judged():
    one = design(5, failed=(0, 3))
    found = judge_scores(one, scores(one, (0.1, -0.1))).comparisons[0]
    assert found.seeds == 3
    assert found.verdict == "reverses"
    assert any("2 of 5 pairs" in note for note in found.notes)


def test_the_error_rate_is_shared_between_all_pairs_of_suites_and_candidates():
    roles = ("in_domain", "out_of_domain", "out_of_domain")
    one = design(4, candidates=3, roles=roles)
    content = judge_scores(one, scores(one, (0.1, 0.1, 0.1)))
    assert content.primary_comparisons == len(content.comparisons) == 6
    assert content.level == pytest.approx(1 - 0.05 / 6)
    for each in content.comparisons:
        assert each.gap_in.p_adjusted == pytest.approx(min(1.0, 6 * each.gap_in.p))


def test_the_same_difference_on_every_item_is_degenerate():
    one = design(4)
    data = scores(one, (0.1, 0.1))
    flat = tuple(replace(each, values=each.values | {"lora": each.values["full"] - 0.25}) for each in data)
    found = judge_scores(one, flat).comparisons[0]
    assert found.verdict == "insufficient"


def test_eight_clusters_are_enough_and_a_whole_population_needs_none():
    one = design(4)
    data = scores(one, (0.1, 0.1), clusters=np.arange(400) % 8)
    assert judge_scores(one, data).comparisons[0].verdict == "persists, unchanged"
    fixed = replace(one, suites=tuple(replace(suite, fixed_items=True) for suite in one.suites))
    few = scores(fixed, (0.1, 0.1), clusters=np.arange(400) % 3)
    found = judge_scores(fixed, few).comparisons[0]
    assert found.verdict == "persists, unchanged"
    assert found.gap_in.w == 1.0
