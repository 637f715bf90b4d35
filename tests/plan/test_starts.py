"""Cells of recipes that start from an adapter are named by its files and by what is done with them."""

from dataclasses import replace

import pytest

from harness.plan.identity import trained_cell
from harness.spec import load
from harness.spec.existing import ExistingArm, Weights
from harness.spec.records import Start
from helpers.contents import CONTENT

FILES = {"/a": "1", "/b": "2"}


@pytest.fixture
def experiment(tiny_spec):
    arm = ExistingArm(name="production", kind="adapter", weights=(Weights(path="/b"), Weights(path="/a", seed=1)))
    return replace(load(tiny_spec), arms=(arm,))


def ids(experiment, then, **files):
    _, recipe = experiment.recipes
    recipe = replace(recipe, start=None if then is None else Start(arm=experiment.arms[0].name, then=then))
    changed = replace(experiment, recipes=(recipe,))
    return [trained_cell(changed, recipe, seed, replace(CONTENT, weights={**FILES, **files})).id for seed in (1, 2)]


def test_a_cell_changes_with_the_adapter_of_its_seed_and_with_what_is_done_with_it(experiment):
    before = ids(experiment, "continue")
    assert [
        mine == theirs for mine, theirs in zip(before, ids(experiment, "continue", **{"/a": "3"}), strict=True)
    ] == [*(False, True)]
    assert not set(before) & set(ids(experiment, "merge"))
    assert not set(before) & set(ids(experiment, None))


def test_a_cell_does_not_change_with_the_place_of_the_adapter_or_the_name_of_its_arm(experiment):
    (arm,) = experiment.arms
    moved = replace(arm, name="live", weights=(Weights(path="/c"), Weights(path="/a", seed=1)))
    assert ids(replace(experiment, arms=(moved,)), "merge", **{"/c": "2"}) == ids(experiment, "merge")


def test_who_starts_from_the_base_is_the_cell_that_it_was(experiment):
    _, recipe = experiment.recipes
    plain = replace(experiment, arms=())
    assert ids(experiment, None) == [trained_cell(plain, recipe, seed, CONTENT).id for seed in (1, 2)]
