"""Whether a declared gate can be passed is known before anything is trained."""

from dataclasses import replace

import pytest

from harness.plan.power import power_of
from harness.report.render.text import render_text
from harness.report.sections.plan import gate_blocks
from harness.spec import load

ITEMS = {"sums": 2000, "sums_far": 2000}


@pytest.fixture
def experiment(tiny_spec):
    one = load(tiny_spec)
    return replace(one, comparison=replace(one.comparison, gate={"rules": ["not-worse-in-domain"]}))


def with_seeds(experiment, count, **variances):
    comparison = replace(experiment.comparison, variances=variances)
    return replace(experiment, seeds=tuple(range(count)), comparison=comparison)


def said(power):
    return " ".join(render_text(*gate_blocks(power)).split())


def test_a_gate_that_can_be_passed_says_so(experiment):
    power = power_of(with_seeds(experiment, 8, seed_sd=0.001, item_sd=0.05, residual_sd=0.05), ITEMS)
    (rule,) = power.gate
    assert rule.passable
    assert rule.narrowest < rule.margin
    assert "passable" in said(power)


def test_one_that_cannot_says_how_many_seeds_would(experiment):
    power = power_of(with_seeds(experiment, 2, seed_sd=0.01, item_sd=0.05, residual_sd=0.05), ITEMS)
    (rule,) = power.gate
    assert not rule.passable
    assert rule.seeds > 2
    assert (
        power_of(with_seeds(experiment, rule.seeds, seed_sd=0.01, item_sd=0.05, residual_sd=0.05), ITEMS)
        .gate[0]
        .passable
    )
    assert "NOT to be passed as planned" in said(power)
    assert f"{rule.seeds} seeds pass it" in said(power)


def test_a_single_seed_passes_no_rule_about_recipes(experiment):
    power = power_of(with_seeds(experiment, 1, seed_sd=0.01, item_sd=0.05, residual_sd=0.05), ITEMS)
    assert power.gate[0].narrowest is None
    assert "a single seed passes no rule about recipes" in said(power)


def test_without_a_gate_nothing_is_said(tiny_spec):
    assert power_of(load(tiny_spec), ITEMS).gate == ()
