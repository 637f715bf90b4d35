"""Without a gain over the untuned model there is nothing whose gap could persist."""

from dataclasses import replace

import numpy as np
import pytest

from harness.verdict import judge_scores
from helpers.stand_ins import arm, design, scores

PAIR = ("in_domain", "out_of_domain")


def judged(gain, *, seeds=5, gaps=(0.1, 0.1), base=None, **changes):
    """Judge arms whose reference scores `gain` above the untuned model in-domain."""
    one = design(seeds, base=base or arm("base", 1), **changes)
    inside, *others = scores(one, gaps)
    untuned = inside.values["full"].mean(axis=0, keepdims=True) - gain
    noise = 0.05 * np.random.default_rng(4).standard_normal(untuned.shape)
    return judge_scores(one, (replace(inside, values=inside.values | {"base": untuned + noise}), *others))


def test_a_reference_that_learned_is_judged():
    found = judged(0.1).comparisons[0]
    assert found.verdict == "persists, unchanged"
    assert found.gain_in.estimate == pytest.approx(0.1, abs=0.01)
    learned = next(each for each in found.conditions if each.name == "learned")
    assert learned.met
    assert learned.text == "full is better than the untuned model on in_domain_0"


@pytest.mark.parametrize("gain", [0.0, -0.1])
def test_a_reference_that_learned_nothing_has_no_lead_to_follow(gain):
    verdicts = judged(gain)
    found = verdicts.comparisons[0]
    assert found.verdict == "not learned"
    assert found.better_in_domain is None
    assert "full is not shown to have learned anything on in_domain_0" in found.sentence
    assert any("not shown to have gained" in note for note in verdicts.in_domain[0].notes)


def test_the_gate_comes_before_every_other_label():
    for gaps in ((0.0, 0.0), (0.0, 0.1), (0.1, 0.0), (0.1, -0.1), (0.1, 0.2)):
        assert judged(0.0, gaps=gaps).comparisons[0].verdict == "not learned"


def test_it_can_be_turned_off_with_a_line_that_says_so():
    verdicts = judged(0.0, require_gain=False)
    found = verdicts.comparisons[0]
    assert found.verdict == "persists, unchanged"
    assert found.gain_in is not None
    assert "learned" not in {each.name for each in found.conditions}
    assert any("require_gain is false" in note for note in verdicts.notes)


def test_without_an_untuned_model_it_cannot_be_asked_and_that_is_said():
    one = design()
    verdicts = judge_scores(one, scores(one, (0.1, 0.1)))
    assert verdicts.comparisons[0].gain_in is None
    assert any("no scores of the untuned model on in_domain_0" in note for note in verdicts.notes)


def test_an_untuned_model_that_failed_is_none():
    verdicts = judged(0.0, base=arm("base", 1, failed=(0,)))
    assert verdicts.comparisons[0].verdict == "persists, unchanged"
    assert any("no scores of the untuned model" in note for note in verdicts.notes)


def test_it_is_held_to_the_level_of_the_comparison():
    one, many = judged(0.1), judged(0.1, candidates=3)
    first, second = (each.comparisons[0].gain_in for each in (one, many))
    assert np.ptp(second.interval) / second.se > np.ptp(first.interval) / first.se
    assert second.p_adjusted == pytest.approx(min(1.0, 3 * second.p))


def test_a_gain_that_is_just_missed_says_what_it_would_take():
    one = design(3, base=arm("base", 1))
    inside, outside = scores(one, (0.1, 0.1), noise=0.02)
    untuned = inside.values["full"].mean(axis=0, keepdims=True) - 0.05
    noise = 0.6 * np.random.default_rng(5).standard_normal(untuned.shape)
    noise += 0.02 - noise.mean()
    found = judge_scores(one, (replace(inside, values=inside.values | {"base": untuned + noise}), outside))
    assert found.comparisons[0].verdict == "not learned"
    assert any("learned" in each.missed for each in found.comparisons[0].need.labels)
