"""Cells of models that were trained elsewhere: after what trains with the same seed, named by their files."""

from dataclasses import replace

import pytest

from harness.plan.cells import plan_cells
from harness.plan.looks import planned_looks
from harness.spec import load
from harness.spec.existing import ExistingArm, Weights
from helpers.contents import CONTENT

FILES = {"/a": "1", "/b": "2"}


@pytest.fixture
def experiment(tiny_spec):
    arm = ExistingArm(name="theirs", kind="adapter", weights=(Weights(path="/b"), Weights(path="/a", seed=1)))
    return replace(load(tiny_spec), arms=(arm,))


def cells(experiment, **files):
    return plan_cells(experiment, replace(CONTENT, weights={**FILES, **files}))


def test_seeds_run_as_whole_pairs_with_arms_from_elsewhere_among_them(experiment):
    planned = cells(experiment)
    assert [(each.cell.recipe, each.cell.seed) for each in planned] == [
        ("base", None),
        *((name, seed) for seed in (1, 2) for name in ("full--default", "lora--tiny", "theirs")),
    ]
    first, second = [each for each in planned if each.existing is not None]
    assert (first.existing.weights.path, second.existing.weights.path) == ("/a", "/b")
    assert first.cell.id.startswith("theirs--s1--")
    assert second.cell.id.startswith("theirs--unknown-2--")
    assert first.suites == planned[0].suites
    assert [each.is_adapted for each in planned] == [False, *[True] * 6]


def test_a_cell_changes_with_its_files_its_seed_and_the_base_and_not_with_its_place_on_the_disk(experiment):
    def ids(changed=experiment, content=CONTENT, **files):
        planned = plan_cells(changed, replace(content, weights={**FILES, **files}))
        return [each.cell.id for each in planned if each.existing is not None]

    before = ids()
    assert [mine == theirs for mine, theirs in zip(before, ids(**{"/a": "3"}), strict=True)] == [False, True]
    assert not set(before) & set(ids(content=replace(CONTENT, model="another")))
    (arm,) = experiment.arms
    moved = replace(arm, weights=(Weights(path="/c"), Weights(path="/a", seed=1)))
    assert ids(replace(experiment, arms=(moved,)), **{"/c": "2"}) == before
    known = replace(arm, weights=(Weights(path="/b", seed=2), Weights(path="/a", seed=1)))
    assert [a == b for a, b in zip(ids(replace(experiment, arms=(known,))), before, strict=True)] == [True, False]
    whole = replace(arm, kind="model")
    assert not set(before) & set(ids(replace(experiment, arms=(whole,))))


def test_what_arms_add_changes_no_other_cell(experiment):
    without = plan_cells(replace(experiment, arms=()), CONTENT)
    assert [each.cell for each in cells(experiment) if each.existing is None] == [each.cell for each in without]


def test_looks_count_arms_from_elsewhere(experiment):
    looked = replace(experiment, seeds=(1, 2, 3), comparison=replace(experiment.comparison, looks=(2, 3)))
    assert [each.cells for each in planned_looks(looked, 1)] == [7, 10]
