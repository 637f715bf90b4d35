"""Marks say what makes a number doubtful, and nothing where nothing does."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from harness.records import Cell, CellFailure, Measurement
from harness.report.sections.marks import marks
from harness.spec import load
from harness.spec.records import Compute, EarlyStopping, RecipeData
from helpers.records import cell_result, training

FINE = {
    "measurements": {
        "loss_finite": Measurement(name="loss_finite", passed=True),
        "ranks_alive": Measurement(name="ranks_alive"),
    },
    "order": ("a", "b"),
    "tokens": 80,
}


def result(recipe, **changes):
    cell = Cell(id=f"{recipe}--s1--0", recipe=recipe, seed=1)
    return cell_result(cell, train_info=training(**{**FINE, **changes}))


def told(experiment, *outcomes, measurements=()):
    found = {each.name: each for each in measurements}
    lock = SimpleNamespace(reproduces=None)
    run = SimpleNamespace(experiment=experiment, outcomes=outcomes, measurements=found, lock=lock)
    return [mark.text for mark in marks(run)]


@pytest.fixture
def experiment(tiny_spec):
    return load(tiny_spec)


def test_what_went_as_it_should_has_no_mark(experiment):
    base = cell_result(Cell(id="base--0", recipe="base", seed=None))
    assert told(experiment, base, result("full--default"), result("lora--tiny")) == []


def test_failures_and_guards_are_named(experiment):
    failure = CellFailure(cell=Cell(id="x", recipe="lora--tiny", seed=1), kind="killed", stage="train", message="gone")
    doubtful = result(
        "full--default", measurements={"outputs_differ": Measurement(name="outputs_differ", passed=False)}
    )
    assert told(experiment, failure, doubtful) == [
        "failed: x (killed in train): gone",
        "guard not passed: full--default--s1--0: outputs_differ; see its result.json",
    ]


def test_what_did_not_pass_over_all_cells_is_named(experiment):
    found = [Measurement(name="spread", passed=False), Measurement(name="fine", passed=True), Measurement(name="seen")]
    assert told(experiment, result("full--default"), measurements=found) == [
        "not passed over all cells: spread; see measurements.json"
    ]


def test_another_order_of_examples_is_told(experiment):
    (mark,) = told(experiment, result("full--default"), result("lora--tiny", order=["a", "c"]))
    assert mark.startswith("not paired: recipes with seed 1")


def test_unequal_budgets_are_told_unless_the_spec_asks_for_them(experiment):
    outcomes = result("full--default"), result("lora--tiny", tokens=160, order=["a", "b", "c"])
    (mark,) = told(experiment, *outcomes)
    assert "full--default 80, lora--tiny 160" in mark
    full, lora = experiment.recipes
    matched = replace(lora, compute=Compute(recipe=full.id, measure="time"))
    assert told(replace(experiment, recipes=(full, matched)), *outcomes) == []
    assert told(replace(experiment, early_stopping=EarlyStopping(patience=1)), *outcomes) == []


def test_a_recipe_that_adapts_more_or_less_than_it_asks_is_told_once(experiment):
    notes = ("k adapted too: one matrix, c_attn, holds more than qv",)
    twice = [
        replace(result("lora--tiny", notes=notes), cell=Cell(id=f"x{seed}", recipe="lora--tiny", seed=seed))
        for seed in (1, 2)
    ]
    assert told(experiment, result("full--default"), *twice) == [f"not as asked: lora--tiny: {notes[0]}"]


def test_recipes_that_declare_other_rows_are_paired_with_their_like_alone(experiment):
    full, lora = experiment.recipes
    placebos = [
        replace(each, name=f"{each.name}-placebo", data=RecipeData(control="permuted_answers")) for each in (full, lora)
    ]
    both = replace(experiment, recipes=(full, lora, *placebos))
    arms = result(full.id), result(lora.id)
    others = [result(each.id, tokens=77, order=("c", "d")) for each in placebos]
    assert told(both, *arms, *others) == []
    (unpaired, unequal) = told(both, *arms, others[0], result(placebos[1].id, tokens=78, order=("d", "c")))
    assert unpaired.startswith("not paired")
    assert f"({placebos[0].id} 77, {placebos[1].id} 78)" in unequal
