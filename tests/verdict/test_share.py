"""The share of the reference's gain that a candidate gives up, and what examples give without training."""

from dataclasses import replace

import numpy as np
import pytest

from harness.verdict import judge_scores
from helpers.stand_ins import arm, design, scores

GAIN, GAP = 0.2, 0.05


def judged(*, gain=GAIN, control=None, seeds=5, **changes):
    """Judge two suites on which the base is `gain` below the reference, and a control that is `control` above it."""
    one = replace(design(seeds), base=arm("base", 1), controls=(arm("base, 5 examples", 1),))
    found = []
    for place, each in enumerate(scores(one, (GAP, GAP))):
        noise = 0.05 * np.random.default_rng(place).standard_normal((2, each.items))
        base = each.values["full"].mean(axis=0) - gain + noise[0]
        row = {} if control is None else {"base, 5 examples": base + control + noise[1]}
        found.append(replace(each, values={**each.values, "base": base[None]}, controls=row, **changes))
    return judge_scores(one, found)


def test_each_candidate_has_its_share_on_every_suite_where_the_base_was_scored():
    found = judged().shares
    assert [(each.reference, each.candidate, each.task) for each in found] == [
        ("full", "lora", "in_domain_0"),
        ("full", "lora", "out_of_domain_1"),
    ]
    for each in found:
        ((low, high),) = each.share.intervals
        assert low < GAP / GAIN < high
        assert each.share.estimate == pytest.approx(GAP / GAIN, abs=0.05)
        assert each.gain.estimate == pytest.approx(GAIN, abs=0.02)
        assert f"lora gives up {100 * each.share.estimate:.0f}% (" in each.sentence


def test_without_a_gain_that_is_shown_there_is_no_share_and_it_is_said():
    (first, _) = judged(gain=0.0).shares
    assert first.share is None
    assert "is not shown to have gained over the untuned model on in_domain_0" in first.sentence
    (worse, _) = judged(gain=-0.2).shares
    assert worse.share is None
    assert "full lost against the untuned model" in worse.sentence


def test_without_scores_of_the_base_and_with_one_seed_there_is_none():
    one = design()
    assert judge_scores(one, scores(one, (GAP, GAP))).shares == ()
    assert judged(seeds=1).shares == ()


def test_it_is_in_verdict_json_with_its_set():
    (first, _) = judged().to_json()["shares"]
    assert first["share"]["bounded"] is True
    assert len(first["share"]["set"]) == 1


def test_examples_have_a_share_of_every_arms_gain():
    found = judged(control=0.1).controls
    assert {(each.control, each.arm, each.task) for each in found} == {
        ("base, 5 examples", name, task) for name in ("full", "lora") for task in ("in_domain_0", "out_of_domain_1")
    }
    shares = {each.arm: each.share.estimate for each in found if each.task == "in_domain_0"}
    assert shares["full"] == pytest.approx(0.1 / GAIN, abs=0.05)
    assert shares["lora"] == pytest.approx(0.1 / (GAIN - GAP), abs=0.07)
    assert all("without training" in each.sentence for each in found)


def test_items_that_stand_as_examples_are_left_out_of_both():
    whole, part = judged(control=0.1), judged(control=np.where(np.arange(400) < 40, np.nan, 0.1))
    assert part.controls[0].share.estimate == pytest.approx(whole.controls[0].share.estimate, abs=0.05)
    assert part.controls[0].gain.estimate != whole.controls[0].gain.estimate
    assert part.shares == whole.shares
