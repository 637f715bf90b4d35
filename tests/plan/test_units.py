"""What launchers are told of a plan: ids, memory and time of each unit, and none that would be another later."""

from dataclasses import replace

import pytest

from harness.plan.costs import CellCost
from harness.plan.units import units_of
from harness.spec import load
from harness.spec.existing import ExistingArm, Weights
from helpers.estimates import estimated


def cost(cell, recipe):
    return CellCost(
        cell=cell,
        recipe=recipe,
        layers=0,
        trainable=0,
        tokens=0,
        train_seconds=3.0,
        evaluate_seconds=1.0,
        memory=7,
        disk=0,
    )


@pytest.fixture
def estimate():
    return estimated(cells=(cost("base--0", "base"), cost("a--1", "full--default"), cost("b--1", "lora--tiny")))


def test_each_unit_has_its_memory_its_time_and_what_comes_before(tiny_spec, estimate):
    found = units_of(load(tiny_spec), estimate)
    assert [(each.id, each.kind, each.memory, each.seconds) for each in found.units] == [
        ("base--0", "cell", 7, 4.0),
        ("a--1", "cell", 7, 4.0),
        ("b--1", "cell", 7, 4.0),
    ]
    assert [each.after for each in found.units] == [(), ("base--0",), ("base--0",)]
    assert (found.later, found.reason) == (0, "")


def test_an_arm_that_was_trained_elsewhere_waits_for_the_base_as_a_recipe_does(tiny_spec, estimate):
    arm = ExistingArm(name="theirs", kind="adapter", weights=(Weights(path="a1"), Weights(path="a2")))
    cells = (*estimate.cells, cost("c--1", "theirs"))
    found = units_of(replace(load(tiny_spec), arms=(arm,)), replace(estimate, cells=cells))
    assert [each.after for each in found.units] == [(), ("base--0",), ("base--0",), ("base--0",)]


def test_what_a_search_decides_has_no_id_yet(tiny_spec, estimate):
    trials = tuple(cost(f"t--{n}", "lora--tiny") for n in (1, 2, 1))  # the last stands in for one that confirms
    searched = replace(load(tiny_spec), tune=object())
    found = units_of(searched, replace(estimate, trials=trials))
    assert [(each.id, each.kind) for each in found.units] == [("base--0", "cell"), ("t--1", "trial"), ("t--2", "trial")]
    assert (found.later, found.reason) == (3, "the search says what the others train with")


def test_trials_of_later_phases_have_no_id_yet(tiny_spec, estimate):
    trials = (cost("t--1", "lora--tiny"), cost("full", "full runs"), cost("push", "pushes"))
    searched = replace(load(tiny_spec), search=object())
    found = units_of(searched, replace(estimate, trials=trials))
    assert [each.id for each in found.units] == ["base--0", "t--1"]
    assert found.later == 4


def test_nothing_is_promised_of_content_that_is_not_at_hand(tiny_spec, estimate):
    found = units_of(load(tiny_spec), replace(estimate, absent=("the model m",)))
    assert (found.units, found.later) == ((), 3)
    assert "the model m" in found.reason
