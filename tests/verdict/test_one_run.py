"""One run beside a baseline's seeds: it passes, fails or is not settled, and what would settle it is said."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.statistics.one_run import against_one
from harness.verdict.requirements import requirement, rule_on
from harness.verdict.ruling import ALLOW, REJECT, UNSETTLED
from harness.verdict.sides import sides_of
from helpers.stand_ins import design, scores


def one_run(gap, *, seeds=5, scope="recipe", **data):
    one = design(seeds, roles=("in_domain",), one_run=True)
    return tuple(sides_of(one, scores(one, (gap,), **data), scope))


def codes(rule, sides, tail=0.025):
    return [each.code for each in rule_on([requirement(rule)], sides, tail)]


@pytest.mark.parametrize(("gap", "code"), [(0.0, ALLOW), (-0.1, ALLOW), (0.1, REJECT), (0.02, UNSETTLED)])
def test_one_run_passes_fails_and_is_not_settled(gap, code):
    assert codes("not-worse", one_run(gap)) == [code]


def test_what_is_not_settled_says_what_would_let_it_pass():
    (ruling,) = rule_on([requirement("not-worse")], one_run(0.0, seeds=2, seed_sd=0.004), 0.025)
    assert ruling.code == UNSETTLED
    assert "seeds of full beside one run" in ruling.passable
    (noisy,) = rule_on([requirement("not-worse")], one_run(0.0, seeds=3, seed_sd=0.05), 0.025)
    assert "seeds of both (one run of lora does not do, whatever the baseline has)" in noisy.passable
    assert "a bound" in noisy.passable


@pytest.mark.parametrize(
    ("rule", "gap", "code"),
    [
        ("threshold:0.5", 0.0, ALLOW),
        ("threshold:0.7", 0.0, REJECT),
        ("threshold:in_domain_0=0.6", 0.0, UNSETTLED),
        ("drop:0.02", 0.0, ALLOW),
        ("drop:5%", 0.0, ALLOW),
        ("drop:1%", 0.2, REJECT),
        ("drop:0.002", 0.0, UNSETTLED),
    ],
)
def test_rules_with_a_number(rule, gap, code):
    assert codes(rule, one_run(gap)) == [code]


def test_a_relative_drop_is_a_part_of_the_baselines_score():
    sides = one_run(0.02, noise=0.001, seed_sd=1e-5)  # of .6, so that 3% are .018 and 4% are .024
    assert codes("drop:3%", sides) == [REJECT]
    assert codes("drop:4%", sides) == [ALLOW]


def test_paired_seeds_are_ruled_on_as_pairs():
    one = design(5, roles=("in_domain",))
    sides = tuple(sides_of(one, scores(one, (0.0,))))
    assert codes("drop:0.02", sides) == codes("threshold:0.5", sides) == [ALLOW]


@pytest.mark.parametrize(("gap", "code"), [(0.0, ALLOW), (0.1, REJECT), (0.02, UNSETTLED)])
def test_checkpoints_are_judged_over_items_alone(gap, code):
    assert codes("not-worse", one_run(gap, seeds=1, scope="checkpoint", seed_sd=0.0)) == [code]


def test_one_run_a_side_says_nothing_of_recipes_and_what_would():
    (ruling,) = rule_on([requirement("not-worse")], one_run(0.0, seeds=1), 0.025)
    assert ruling.code == UNSETTLED
    assert "--baseline" in ruling.text
    assert "--scope checkpoint" in ruling.text


@pytest.mark.parametrize(
    "text", ["best", "threshold", "threshold:x", "drop:0", "drop:-1", "drop:100%", "threshold:7%", "drop:1e", ""]
)
def test_what_is_no_rule_is_refused(text):
    with pytest.raises(UsageError, match="gate"):
        requirement(text)


def test_a_rule_without_a_suite_is_refused():
    with pytest.raises(UsageError, match="has no suite"):
        codes("threshold:elsewhere=0.5", one_run(0.0))


@settings(deadline=None, max_examples=20)
@given(st.integers(2, 8), st.floats(0.001, 0.1), st.integers(0, 100))
def test_the_variance_is_that_of_a_new_draw_beside_a_mean(seeds, sd, seed):
    means = np.random.default_rng(seed).normal(0, sd, seeds)
    sides = one_run(0.0, seeds=seeds)[0]
    found = against_one(sides.moments(1.0, -1.0), means, 1.0, -1.0)
    assert float(found.seed_variance) == pytest.approx(np.var(means, ddof=1) * (1 + 1 / seeds))
    assert found.seed_df == seeds - 1
