"""A design in, verdicts out: every label, failures, few seeds, degenerate data, guards."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from harness.verdict import judge_scores
from helpers.stand_ins import design, scores

SCHEMA = json.loads((Path(__file__).parents[2] / "specs/schema/verdict.schema.json").read_text(encoding="utf-8"))


def valid(verdicts):
    content = verdicts.to_json()
    Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(content, allow_nan=False)))
    return content


@pytest.mark.parametrize(
    ("gaps", "label"),
    [
        ((0.0, 0.0), "no in-domain gap"),
        ((0.0, 0.1), "emerges"),
        ((0.0, -0.1), "emerges"),
        ((0.1, 0.0), "vanishes"),
        ((0.1, -0.1), "reverses"),
        ((0.1, 0.2), "amplifies"),
        ((0.1, 0.04), "attenuates"),
        ((0.1, 0.07), "attenuates"),
        ((0.1, 0.1), "persists, unchanged"),
        ((-0.1, -0.1), "persists, unchanged"),
        ((-0.1, 0.1), "reverses"),
    ],
)
def test_a_clear_truth_is_named(gaps, label):
    one = design()
    content = valid(judge_scores(one, scores(one, gaps)))
    assert content["comparisons"][0]["verdict"] == label
    assert content["comparisons"][0]["sentence"]


@pytest.mark.parametrize(("left", "said"), [(0.07, True), (0.04, False)])
def test_a_smaller_lead_says_where_more_than_half_is_left(left, said):
    one = design()
    found = judge_scores(one, scores(one, (0.1, left))).comparisons[0]
    assert found.verdict == "attenuates"
    assert ("More than 50% of it is left." in found.sentence) == said


@pytest.mark.parametrize(("gap", "ahead"), [(0.1, "full is better than lora"), (-0.1, "lora is better than full")])
def test_a_gap_that_emerges_says_who_is_ahead(gap, ahead):
    one = design()
    found = judge_scores(one, scores(one, (0.0, gap))).comparisons[0]
    assert ahead in found.sentence
    assert found.better_in_domain is None


def test_much_noise_is_inconclusive_and_says_what_it_would_take():
    one = design(3)
    found = judge_scores(one, scores(one, (0.05, 0.05), noise=0.5, seed_sd=0.02)).comparisons[0]
    assert found.verdict == "inconclusive"
    assert found.need is not None
    assert [each.label for each in found.need.labels]


@settings(deadline=None, max_examples=15)
@given(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2), st.integers(0, 50))
def test_swapping_the_arms_mirrors_the_verdict(gap_in, gap_out, seed):
    one = design()
    data = scores(one, (gap_in, gap_out), items=60, noise=0.2, rng=np.random.default_rng(seed))
    flipped = tuple(replace(each, values={"full": each.values["lora"], "lora": each.values["full"]}) for each in data)
    first = judge_scores(one, data).comparisons[0]
    second = judge_scores(one, flipped).comparisons[0]
    assert first.verdict == second.verdict
    assert first.gap_in.interval == pytest.approx([-end for end in reversed(second.gap_in.interval)])
    if first.better_in_domain is not None:
        assert {first.better_in_domain, second.better_in_domain} == {"reference", "candidate"}


def test_the_same_scores_give_the_same_bytes():
    one = design()
    data = scores(one, (0.1, 0.05))
    assert json.dumps(judge_scores(one, data).to_json()) == json.dumps(judge_scores(one, data).to_json())


def test_intervals_widen_with_the_number_of_comparisons():
    alone, many = design(), design(candidates=3)
    first = judge_scores(alone, scores(alone, (0.1, 0.1))).comparisons[0]
    verdicts = judge_scores(many, scores(many, (0.1, 0.1)))
    assert verdicts.primary_comparisons == 3
    assert verdicts.level == pytest.approx(1 - 0.05 / 3)
    wide = verdicts.comparisons[0]
    ratio = np.ptp(wide.gap_in.interval) / wide.gap_in.se
    assert ratio > np.ptp(first.gap_in.interval) / first.gap_in.se
    assert wide.gap_in.p_adjusted == pytest.approx(min(1, 3 * wide.gap_in.p))


def test_a_condition_is_met_exactly_where_its_adjusted_p_is_below_half_alpha():
    one = design(candidates=2)
    for each in judge_scores(one, scores(one, (0.03, 0.02), noise=0.3)).comparisons:
        for condition in each.conditions:
            assert condition.met == (condition.p_adjusted < 0.025)


def test_one_seed_speaks_of_its_checkpoint_only():
    one = design(1)
    found = judge_scores(one, scores(one, (0.1, 0.1))).comparisons[0]
    assert found.verdict == "inconclusive"
    assert "this checkpoint only" in found.notes[0]
    assert not any(condition.met for condition in found.conditions)
    assert {condition.p for condition in found.conditions} == {found.gap_in.p} == {None}


def test_with_one_seed_no_verdict_on_a_single_gap_has_a_p_value_either():
    one = design(1, roles=("in_domain", "guard"))
    content = valid(judge_scores(one, scores(one, (0.1, 0.1))))
    for each in (*content["in_domain"], *content["guards"], *content["extra_forgetting"]):
        assert each["gap"]["p"] is each["gap"]["p_adjusted"] is None
        assert {condition["p_adjusted"] for condition in each["conditions"]} == {None}


def test_one_seed_is_judged_with_a_declared_variance_between_seeds():
    one = design(1, variances={"seed_sd": 0.003, "seed_df": 20})
    found = judge_scores(one, scores(one, (0.1, 0.1))).comparisons[0]
    assert found.verdict == "persists"
    assert found.gap_in.df_seeds == 20
    assert found.gap_in.p < 1e-6


def test_two_seeds_are_judged_with_a_warning():
    one = design(2)
    found = judge_scores(one, scores(one, (0.1, 0.1))).comparisons[0]
    assert found.gap_in.df_seeds == 1
    assert any("two seeds" in note for note in found.notes)


def test_a_failed_run_drops_its_pair_and_is_told():
    one = design(5, failed=(2,))
    content = valid(judge_scores(one, scores(one, (0.1, 0.1))))
    found = content["comparisons"][0]
    assert found["seeds"] == 4
    assert found["fragile"]
    failed = {each["arm"]: each["rate"]["failed"] for each in content["failures"]}
    assert failed == {"full": 0, "lora": 1}
    assert content["failures"][1]["messages"] == ["out_of_memory: no room"]


def test_fewer_than_three_pairs_after_failures_are_insufficient():
    one = design(3, failed=(2,))
    found = judge_scores(one, scores(one, (0.1, 0.1))).comparisons[0]
    assert found.verdict == "insufficient"
    assert "2 of 3 pairs" in found.sentence


def test_an_arm_without_any_run_is_insufficient():
    one = design(3, failed=(0, 1, 2))
    content = valid(judge_scores(one, scores(one, (0.1, 0.1))))
    assert content["comparisons"][0]["verdict"] == "insufficient"
    assert content["comparisons"][0]["gap_in"] is None


def test_few_clusters_are_insufficient():
    one = design()
    found = judge_scores(one, scores(one, (0.1, 0.1), clusters=np.arange(400) % 7)).comparisons[0]
    assert found.verdict == "insufficient"
    assert "7 clusters" in found.sentence


def test_identical_scores_are_degenerate():
    one = design()
    data = scores(one, (0.1, 0.1))
    same = tuple(replace(each, values=each.values | {"lora": each.values["full"]}) for each in data)
    found = judge_scores(one, same).comparisons[0]
    assert found.verdict == "insufficient"
    assert "no difference at all" in found.sentence


def test_a_guard_without_any_difference_is_told_once():
    one = design(roles=("in_domain", "guard"))
    near, guard = scores(one, (0.1, 0.0))
    same = replace(guard, values=guard.values | {"lora": guard.values["full"]})
    verdicts = judge_scores(one, (near, same))
    why = verdicts.recommendation.candidates[0].suites[-1].why
    assert why.count("no difference at all") == 1
    assert verdicts.extra_forgetting[0].sentence.count("no difference at all") == 1


def test_seeds_that_changed_nothing_are_degenerate():
    one = design()
    data = scores(one, (0.1, 0.1))
    copied = tuple(
        replace(each, values={name: np.tile(rows[:1], (5, 1)) for name, rows in each.values.items()}) for each in data
    )
    found = judge_scores(one, copied).comparisons[0]
    assert found.verdict == "insufficient"
    assert "all seeds have the same scores" in found.sentence


@pytest.mark.parametrize(
    ("loss", "label"), [(0.0, "no forgetting within margin"), (0.06, "forgets"), (-0.1, "no forgetting within margin")]
)
def test_a_guard_compares_with_the_base_model(loss, label):
    one = design(roles=("in_domain", "guard"))
    data = scores(one, (0.1, loss))
    content = valid(judge_scores(one, data))
    verdicts = {each["candidate"]: each["verdict"] for each in content["guards"]}
    assert verdicts["lora"] == label
    assert verdicts["full"] == "no forgetting within margin"
    assert content["guard_level"] == pytest.approx(1 - 0.05 / 2)


@pytest.mark.parametrize(
    ("loss", "label"),
    [(0.0, "no extra forgetting within margin"), (0.06, "forgets more"), (-0.1, "no extra forgetting within margin")],
)
def test_extra_forgetting_is_the_paired_difference_of_two_changes_from_the_base(loss, label):
    one = design(roles=("in_domain", "guard"))
    data = scores(one, (0.1, loss))
    content = valid(judge_scores(one, data))
    (extra,) = content["extra_forgetting"]
    assert (extra["reference"], extra["candidate"], extra["verdict"]) == ("full", "lora", label)
    changes = {each["candidate"]: each["gap"]["estimate"] for each in content["guards"]}
    assert extra["gap"]["estimate"] == pytest.approx(changes["lora"] - changes["full"])
    assert content["extra_level"] == pytest.approx(1 - 0.05)


def test_extra_forgetting_uses_the_pairs_that_are_left_and_its_own_family():
    one = design(4, candidates=2, roles=("in_domain", "guard"), failed=(1,))
    content = valid(judge_scores(one, scores(one, (0.1, 0.06))))
    assert [each["seeds"] for each in content["extra_forgetting"]] == [3, 3]
    assert content["extra_level"] == pytest.approx(1 - 0.05 / 2)


def test_a_loss_that_all_arms_share_is_no_extra_forgetting():
    one = design(roles=("in_domain", "guard"))
    near, guard = scores(one, (0.1, 0.0))
    lower = {name: rows - 0.1 * (name != "base") for name, rows in guard.values.items()}
    content = judge_scores(one, (near, replace(guard, values=lower)))
    assert {each.verdict for each in content.guards} == {"forgets"}
    assert content.extra_forgetting[0].verdict == "no extra forgetting within margin"


@pytest.mark.parametrize(
    ("gap", "label"),
    [(0.0, "equivalent within margin"), (0.1, "reference better"), (-0.1, "candidate better")],
)
def test_in_domain_alone_is_judged_too(gap, label):
    one = design(roles=("in_domain",))
    content = valid(judge_scores(one, scores(one, (gap,))))
    assert content["in_domain"][0]["verdict"] == label
    assert content["primary_comparisons"] == 1


def test_scaling_all_scores_and_the_margin_changes_no_verdict():
    one = design()
    data = scores(one, (0.03, 0.01), noise=0.2)
    big = tuple(replace(each, values={name: 10 * rows for name, rows in each.values.items()}) for each in data)
    first = judge_scores(one, data).comparisons[0]
    second = judge_scores(replace(one, sesoi=0.2), big).comparisons[0]
    assert first.verdict == second.verdict
    assert second.gap_in.estimate == pytest.approx(10 * first.gap_in.estimate)
    assert second.gap_in.p == pytest.approx(first.gap_in.p)
