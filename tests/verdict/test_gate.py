"""The gate's three answers and its reasons."""

import pytest

from harness.errors import ComparisonError
from harness.verdict import judge_scores
from harness.verdict.gate import gate
from helpers.stand_ins import design, scores

GUARDED = ("in_domain", "out_of_domain", "guard")


def ruled(gaps, rules=None, *, roles=("in_domain", "out_of_domain"), seeds=5, **data):
    one = design(seeds, roles=roles)
    return gate(judge_scores(one, scores(one, gaps, **data)), {"rules": rules} if rules else {})


@pytest.mark.parametrize(("gap", "code"), [(0.0, 0), (-0.1, 0), (0.1, 1)])
def test_a_clear_case_is_allowed_or_rejected(gap, code):
    assert ruled((gap, 0.0)).code == code


def test_noise_is_inconclusive_with_the_interval_in_the_reason():
    ruling = ruled((0.02, 0.0), noise=0.5)
    assert ruling.code == 2
    assert "interval" in ruling.text


def test_one_rejection_rejects_whatever_is_unsettled():
    assert ruled((0.02, 0.1), ["not-worse-in-domain", "not-worse-out-of-domain"], noise=0.2).code == 1


@pytest.mark.parametrize(("loss", "code"), [(0.0, 0), (0.1, 1)])
def test_with_guards_the_default_rule_asks_that_nothing_is_forgotten(loss, code):
    ruling = ruled((0.0, 0.0, loss), roles=GUARDED)
    assert ruling.code == code
    assert "guard_2" in ruling.text


def test_one_checkpoint_is_never_enough():
    assert ruled((0.0, 0.0), seeds=1).code == 2


@pytest.mark.parametrize("declared", [{"rules": []}, {"rules": ["best"]}, {"rule": []}, {"rules": ["no-forgetting"]}])
def test_a_rule_that_cannot_be_ruled_on_is_refused(declared):
    one = design()
    verdicts = judge_scores(one, scores(one, (0.0, 0.0)))
    with pytest.raises(ComparisonError, match="gate"):
        gate(verdicts, declared)
