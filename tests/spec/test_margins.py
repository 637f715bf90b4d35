"""A smallest effect of interest has a reason where its metric has no natural margin."""

import json

import pytest

from harness.spec import Overrides, load
from harness.spec.document import parse
from harness.spec.margins import margin_problems

BITS = "answer_bits_per_byte"


def with_metric(spec, metric, **comparison):
    for suite in spec["suites"]:
        suite["metric"] = metric
    spec["comparison"] |= comparison
    return spec


def guarded(spec, metric):
    spec["suites"].append({"task": "kept", "role": "guard", "metric": metric})
    return spec


def found(value):
    return [(each.path, each.message, each.remedy) for each in margin_problems(parse(json.dumps(value), "tried.json"))]


def test_a_share_needs_no_reason_and_may_have_one(spec):
    assert not found(with_metric(spec, "acc"))
    assert not found(with_metric(spec, "acc", sesoi_reason="what the exam's pass mark moves by"))


@pytest.mark.parametrize("metric", [BITS, "answer_margin", "bleu", "score_of_mine"])
def test_any_other_score_needs_one_and_is_told_what_to_write(spec, metric):
    ((path, message, remedy),) = found(with_metric(spec, metric))
    assert path == "$.comparison.sesoi"
    assert message.startswith(f"`sesoi_reason` is missing: {metric} ")
    assert '"sesoi_reason": "' in remedy
    assert not found(with_metric(spec, metric, sesoi_reason="a tenth of the gain"))


def test_a_suite_with_a_margin_of_its_own_has_a_reason_of_its_own(spec):
    whole = with_metric(spec, BITS, sesoi_reason="a tenth of the gain")
    whole["suites"][1]["sesoi"] = 0.05
    ((path, message, _),) = found(whole)
    assert path == "$.suites[1].sesoi"
    assert "0.05" in message
    whole["suites"][1]["sesoi_reason"] = "noisier there"
    assert not found(whole)


def test_where_every_suite_has_its_own_the_comparison_s_needs_no_reason(spec):
    whole = with_metric(spec, BITS)
    for suite in whole["suites"]:
        suite |= {"sesoi": 0.05, "sesoi_reason": "a tenth of the gain"}
    assert not found(whole)


@pytest.mark.parametrize(
    ("primary", "metric", "remedy"), [("acc", "bits_per_byte", '"sesoi" in bits/byte'), (BITS, "acc", '"sesoi": 0.02')]
)
def test_a_guard_does_not_take_an_amount_of_another_unit(spec, primary, metric, remedy):
    ((path, message, told),) = found(guarded(with_metric(spec, primary, sesoi_reason="a tenth of the gain"), metric))
    assert path == "$.suites[2]"
    assert f"an amount of {primary}, not of {metric}" in message
    assert remedy in told


@pytest.mark.parametrize(("primary", "metric"), [("acc", "exact_match"), (BITS, BITS)])
def test_a_guard_takes_a_margin_of_its_own_metric_or_of_another_share(spec, primary, metric):
    assert not found(guarded(with_metric(spec, primary, sesoi_reason="a tenth of the gain"), metric))


def heir(write, comparison):
    return write({"extends": "./tried.json", "name": "heir", "comparison": comparison}, "heir.json")


def test_an_heir_that_changes_the_amount_gives_its_own_reason(spec, write, problems):
    write(with_metric(spec, BITS, sesoi_reason="a tenth of the gain"))
    ((path, _, message, _),) = problems(load, heir(write, {"sesoi": 0.05}))
    assert path == "$.comparison.sesoi"
    assert "tried.json" in message
    assert load(heir(write, {"sesoi": 0.05, "sesoi_reason": "a pilot's noise"})).comparison.sesoi == 0.05
    assert load(heir(write, {"retention": 0.6})).comparison.sesoi_reason == "a tenth of the gain"
    assert load(heir(write, {"sesoi_reason": "better said"})).comparison.sesoi_reason == "better said"


def test_an_option_that_changes_the_amount_comes_with_one_that_gives_the_reason(spec, write, problems):
    path = write(with_metric(spec, BITS, sesoi_reason="a tenth of the gain"))
    amount, reason = "comparison.sesoi=0.05", "comparison.sesoi_reason=a pilot's noise"
    ((where, *_),) = problems(load, path, overrides=Overrides(set=(amount,)))
    assert where == "$.comparison.sesoi"
    assert load(path, overrides=Overrides(set=(amount, reason))).comparison.sesoi_reason == "a pilot's noise"
    assert load(path, overrides=Overrides(set=(reason,))).comparison.sesoi == 0.02
