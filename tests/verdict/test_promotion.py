"""An arm is promoted where every rule is shown to be kept and something is gained; otherwise production stays."""

import json

import pytest

from harness.compare.design_of_run import design_of
from harness.errors import ComparisonError, UsageError
from harness.verdict.promotion import decide_promotion
from helpers.runs import scored_run

ROLES = {"sums": "in_domain", "sums_far": "guard"}


def design(tmp_path, tiny_spec, *, items=400, seeds=(1,), looks=None, **skills):
    """A run whose reference is an adapter in production; `skills` are the shares of right answers of the arms."""
    document = json.loads(tiny_spec.read_text())
    document["arms"] = {"production": {"adapters": [f"./production-{seed}" for seed in seeds]}}
    document["seeds"] = list(seeds)
    document["suites"] = [{"task": task, "role": role, "metric": "acc"} for task, role in ROLES.items()]
    document["comparison"] = {
        "reference": "production",
        "candidates": ["full--default", "lora--tiny"],
        "sesoi": 0.02,
        "require_gain": False,
    }
    tiny_spec.write_text(json.dumps(document))
    for seed in seeds:
        (tiny_spec.parent / f"production-{seed}").mkdir()
    names = {"production": "production", "full": "full--default", "lora": "lora--tiny"}
    found = {names[name]: skill for name, skill in skills.items()}
    return design_of(scored_run(tmp_path / "run", tiny_spec, items=items, skills=found))


def test_an_arm_that_gains_and_loses_nothing_is_promoted(tmp_path, tiny_spec):
    found = decide_promotion(
        design(tmp_path, tiny_spec, production=0.5, full=0.55, lora=0.9), ["drop:sums=1%", "drop:sums_far=1%"]
    )
    assert (found.choice, found.arm) == ("promote", "lora--tiny")
    lora = found.prospects[1]
    assert [each.code for each in lora.rulings] == [0, 0]
    assert lora.ahead
    inside = lora.differences[0]
    assert inside.better == pytest.approx(inside.arm - inside.production)
    assert 0 < inside.low < inside.better < inside.high
    assert "another seed of a recipe may do otherwise" in found.speaks_of


def test_all_arms_that_are_shown_to_be_worse_roll_back(tmp_path, tiny_spec):
    found = decide_promotion(design(tmp_path, tiny_spec, production=0.9, full=0.3, lora=0.4))
    assert (found.choice, found.arm) == ("roll back", None)
    assert found.rules == ("drop:sums=1%", "drop:sums_far=1%")
    assert all(each.choice == "roll back" for each in found.prospects)


def test_what_is_not_settled_keeps_what_is_there(tmp_path, tiny_spec):
    found = decide_promotion(design(tmp_path, tiny_spec, items=40, production=0.6, full=0.6, lora=0.2))
    assert found.choice == "keep"
    assert {each.arm: each.choice for each in found.prospects} == {"full--default": "keep", "lora--tiny": "roll back"}


def test_an_arm_without_a_gain_is_not_promoted(tmp_path, tiny_spec):
    found = decide_promotion(
        design(tmp_path, tiny_spec, production=0.6, full=0.6, lora=0.6), ["drop:sums=50%", "drop:sums_far=50%"]
    )
    assert (found.choice, found.arm) == ("keep", None)
    assert "is not shown to be better than production in-domain" in found.why
    assert all(each.choice == "promote" for each in found.prospects)


def test_a_lower_level_for_every_arm(tmp_path, tiny_spec):
    """Each of two arms is judged at half of what one alone would be."""
    of_two = design(tmp_path, tiny_spec, production=0.5, full=0.5, lora=0.6)
    of_one = decide_promotion(type(of_two)(**{**vars_of(of_two), "candidates": of_two.candidates[1:]}))
    both = decide_promotion(of_two)
    assert both.prospects[1].differences[0].low < of_one.prospects[0].differences[0].low


def vars_of(record):
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


def test_rules_that_are_none_are_refused_together(tmp_path, tiny_spec):
    made = design(tmp_path, tiny_spec, production=0.5, full=0.5, lora=0.5)
    with pytest.raises(UsageError, match="there is no rule 'no-forgetting'") as error:
        decide_promotion(made, ["no-forgetting", "drop:nonsense"])
    assert "drop:nonsense" in str(error.value)


def test_a_run_with_looks_is_refused(tmp_path, tiny_spec):
    made = design(tmp_path, tiny_spec, production=0.5, full=0.5, lora=0.5)
    with pytest.raises(ComparisonError, match="a run with looks is judged when it ends"):
        decide_promotion(type(made)(**{**vars_of(made), "looks": (1, 2)}))
