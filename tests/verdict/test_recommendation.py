"""Which candidates may take the reference's place: shown on every suite, at the verdicts' level, or not at all."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from harness.compare.scores import NotCompared
from harness.verdict import judge_scores
from helpers.stand_ins import design, scores

SCHEMA = json.loads((Path(__file__).parents[2] / "specs/schema/verdict.schema.json").read_text(encoding="utf-8"))
GUARDED = ("in_domain", "out_of_domain", "guard")


def recommended(one, gaps, **data):
    content = judge_scores(one, scores(one, gaps, **data)).to_json()
    Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(content, allow_nan=False)))
    return content["recommendation"]


@pytest.mark.parametrize("gaps", [(0.0, 0.0, 0.0), (-0.1, -0.1, -0.1), (0.01, 0.0, -0.1)])
def test_what_is_shown_not_to_be_worse_anywhere_is_recommended(gaps):
    found = recommended(design(roles=GUARDED), gaps)
    assert found["shown"] == ["lora"]
    assert all(each["shown"] and each["gap"]["interval"][1] < 0.02 for each in found["candidates"][0]["suites"])
    assert found["closest"] is None


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_suite_on_which_it_is_worse_is_enough_not_to(place):
    found = recommended(design(roles=GUARDED), tuple(0.1 if k == place else 0.0 for k in range(3)))
    assert found["shown"] == []
    assert found["closest"] == "lora"
    assert [each["shown"] for each in found["candidates"][0]["suites"]] == [k != place for k in range(3)]
    assert found["candidates"][0]["need"] is None  # more seeds would show that it is worse


def test_what_is_missing_says_what_it_takes():
    found = recommended(design(3), (0.0, 0.0), noise=0.3, seed_sd=0.01)
    (need,) = found["candidates"][0]["need"]["labels"]
    assert need["label"] == "not worse"
    assert need["enough"]


def test_the_condition_is_the_interval_of_the_verdict():
    one = design(candidates=3, roles=GUARDED)
    verdicts = judge_scores(one, scores(one, (0.01, 0.0, 0.0), noise=0.2))
    for each, inside, extra in zip(
        verdicts.recommendation.candidates, verdicts.in_domain, verdicts.extra_forgetting, strict=True
    ):
        assert each.suites[0].gap == inside.gap
        assert each.suites[2].gap == extra.gap


@settings(deadline=None, max_examples=15)
@given(st.floats(-0.05, 0.05), st.floats(-0.05, 0.05), st.integers(0, 50))
def test_shown_is_where_every_adjusted_p_is_below_half_alpha(gap_in, gap_out, seed):
    one = design(candidates=2)
    found = judge_scores(one, scores(one, (gap_in, gap_out), items=80, rng=np.random.default_rng(seed)))
    for each in found.recommendation.candidates:
        assert each.shown == all(suite.p_adjusted < 0.025 for suite in each.suites)


def test_a_placebo_is_never_recommended_and_never_the_closest():
    one = design(candidates=2, placebo_names=frozenset({"lora0"}))
    found = recommended(one, (0.0, 0.0))
    assert found["shown"] == ["lora1"]
    assert "placebo" in found["candidates"][0]["excluded"]
    alone = recommended(design(placebo_names=frozenset({"lora"})), (0.0, 0.0))
    assert (alone["shown"], alone["closest"]) == ([], None)


def test_a_reference_that_is_a_placebo_measures_nobody():
    found = recommended(design(placebo_names=frozenset({"full"})), (0.0, 0.0))
    assert found["shown"] == []
    assert "placebo" in found["obstacles"][0]


@pytest.mark.parametrize(("gained", "asked", "shown"), [(0.3, True, True), (0.0, True, False), (0.0, False, True)])
def test_a_reference_that_learned_nothing_measures_nobody_unless_that_is_not_asked(gained, asked, shown):
    one = design(roles=("in_domain", "guard"), require_gain=asked)
    inside, guard = scores(one, (0.0, 0.0))
    untuned = inside.values["full"].mean(axis=0, keepdims=True) - gained
    inside = replace(inside, values={**inside.values, "base": untuned + 1e-3 * np.sin(np.arange(untuned.size))})
    found = judge_scores(one, (inside, guard)).recommendation
    assert bool(found.shown) == shown
    assert bool(found.obstacles) != shown


def test_a_suite_that_cannot_be_compared_is_not_shown():
    one = design(roles=GUARDED)
    first, second, _ = scores(one, (0.0, 0.0, 0.0))
    left_out = (NotCompared(task="guard_2", role="guard", reasons=("items differ",)),)
    found = judge_scores(one, (first, second), left_out).recommendation
    assert found.shown == ()
    assert found.candidates[0].suites[-1].why == "it cannot be compared"


def test_one_seed_recommends_nothing():
    found = recommended(design(1), (-0.1, -0.1))
    assert found["shown"] == []
    assert "checkpoint" in found["candidates"][0]["suites"][0]["why"]


def test_what_a_look_has_shown_stands():
    one = design(8, looks=(4, 8))
    data = scores(one, (0.0, 0.0), noise=0.02)
    # The last four seeds alone say that the candidate is worse.
    turned = []
    for each in data:
        values = each.values["lora"].copy()
        values[4:] -= 0.2
        turned.append(replace(each, values={**each.values, "lora": values}))
    found = judge_scores(one, tuple(turned)).recommendation
    assert found.shown == ("lora",)
    assert {each.look for each in found.candidates[0].suites} == {1}
