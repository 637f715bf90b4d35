"""What a plan can show is a record of numbers, and says which of its variances are assumed."""

import json
from dataclasses import asdict, replace

import pytest

from harness.plan.power import DEFAULT_SPREADS, power_of
from harness.spec import Overrides, load
from harness.statistics.planning import detectable

ITEMS = {"sums": 500, "sums_far": 200}


@pytest.fixture
def experiment(tiny_spec):
    return load(tiny_spec)


def test_effects_are_those_of_the_declared_sizes_and_level(experiment):
    (effects,) = power_of(experiment, ITEMS).effects
    spread = DEFAULT_SPREADS["acc"]
    expected = detectable(
        seeds=2, items_in=500, items_out=200, inside=spread, outside=spread, alpha=0.05, comparisons=1
    )
    found = {name: getattr(effects, name) for name in ("gap_in", "gap_out", "delta", "margin_in", "margin_out")}
    assert found == asdict(expected)
    assert (effects.in_domain, effects.out_of_domain, effects.metric) == ("sums", "sums_far", "acc")


def test_standard_deviations_that_the_spec_does_not_declare_are_labelled_assumed(experiment, tiny_spec):
    (effects,) = power_of(experiment, ITEMS).effects
    assert effects.assumed == ("seed_sd", "item_sd", "residual_sd")
    declared = load(tiny_spec, overrides=Overrides(set=("comparison.variances.seed_sd=0.5",)))
    (effects,) = power_of(declared, ITEMS).effects
    assert effects.assumed == ("item_sd", "residual_sd")
    assert effects.spread.seed_sd == 0.5


def test_a_single_seed_can_show_nothing(experiment):
    found = power_of(replace(experiment, seeds=(1,)), ITEMS)
    assert (found.seeds, found.effects) == (1, ())


def test_it_is_plain_json(experiment):
    found = asdict(power_of(experiment, ITEMS))
    assert json.loads(json.dumps(found, allow_nan=False))["effects"][0]["gap_in"] == found["effects"][0]["gap_in"]
