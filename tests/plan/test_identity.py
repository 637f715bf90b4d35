"""A cell's id changes with what changes its numbers, and with nothing else."""

import hashlib
from dataclasses import replace

import pytest

from harness.plan.cells import plan_cells
from harness.plan.identity import digest, evaluation_key, trained_cell
from harness.spec import load
from harness.spec.records import Data, Recipe, Stage


@pytest.fixture
def experiment(tiny_spec):
    return load(tiny_spec)


def cell(experiment, *, recipe=1, seed=1, model="m"):
    return trained_cell(experiment, experiment.recipes[recipe], seed, model)


def changed(experiment, **changes):
    return replace(experiment, **changes)


def test_the_base_comes_first_and_seeds_run_as_whole_pairs(experiment):
    cells = [planned.cell for planned in plan_cells(experiment, "m")]
    assert [(each.recipe, each.seed) for each in cells] == [
        ("base", None),
        ("full--default", 1),
        ("lora--tiny", 1),
        ("full--default", 2),
        ("lora--tiny", 2),
    ]
    assert len({each.id for each in cells}) == 5
    assert cells[2].id.startswith("lora--tiny--s1--")


@pytest.mark.parametrize(
    "changes",
    [
        {"training": {"max_steps": 3, "per_device_train_batch_size": 2, "max_length": 64}},
        {"training": {"max_steps": 2, "per_device_train_batch_size": 1, "max_length": 64}},
    ],
)
def test_training_arguments_count(experiment, changes):
    assert cell(changed(experiment, **changes)).id != cell(experiment).id


def test_the_model_its_dtype_and_the_seed_count(experiment):
    ids = {
        cell(experiment).id,
        cell(experiment, model="other").id,
        cell(experiment, seed=2).id,
        cell(changed(experiment, model=replace(experiment.model, dtype="bfloat16"))).id,
    }
    assert len(ids) == 4


def test_names_descriptions_and_suites_do_not_count(experiment):
    recipe = replace(experiment.recipes[1], description="other words")
    other = changed(experiment, name="other", description="x", suites=experiment.suites[:1])
    assert trained_cell(other, recipe, 1, "m") == cell(experiment)


def staged(experiment, **changes):
    recipe = experiment.recipes[1]
    first = Stage(recipe=recipe, data=Data(source="task", task="sums_far"), then="merge")
    stages = (replace(first, **changes), Stage(recipe=recipe))
    return trained_cell(experiment, Recipe(method="staged", name="x", stages=stages), 1, "m").id


def test_what_a_stage_trains_and_on_what_counts_and_its_names_do_not(experiment):
    recipe = experiment.recipes[1]
    ids = {
        staged(experiment),
        staged(experiment, then="keep"),
        staged(experiment, training={"max_steps": 9}),
        staged(experiment, data=None),
        staged(experiment, recipe=replace(recipe, training={"learning_rate": 0.5})),
        staged(experiment, recipe=replace(recipe, peft={**recipe.peft, "r": 3})),
        staged(changed(experiment, training={**experiment.training, "max_steps": 3})),
        cell(experiment).id,
    }
    assert len(ids) == 8
    assert staged(experiment, data=Data(source="task", task="sums")) == staged(experiment, data=None)
    renamed = replace(recipe, method="other", name="y", description="other words")
    assert staged(experiment, recipe=renamed) == staged(experiment)


def test_the_declaration_and_the_bytes_of_a_stages_data_count(experiment, tiny_spec):
    file = tiny_spec.parent / "rows.jsonl"
    rows = Data(source="jsonl", path=str(file))
    file.write_text("one")
    before = staged(experiment), staged(experiment, data=rows)
    file.write_text("two")
    loader = tiny_spec.parent / "tasks" / "sums" / "loader.py"
    loader.write_text(loader.read_text().replace("range(start", "range(1 + start"))
    after = staged(experiment), staged(experiment, data=rows)
    assert not set(before) & set(after)


def test_the_declaration_of_the_training_task_counts(experiment, tiny_spec):
    before = cell(experiment).id
    loader = tiny_spec.parent / "tasks" / "sums" / "loader.py"
    loader.write_text(loader.read_text().replace("range(start", "range(1 + start"))
    assert cell(experiment).id != before


def test_an_evaluation_is_known_by_task_items_and_shots(experiment):
    suite = experiment.suites[0]
    keys = {
        evaluation_key(suite, experiment),
        evaluation_key(replace(suite, limit=3), experiment),
        evaluation_key(replace(suite, num_fewshot=2), experiment),
        evaluation_key(experiment.suites[1], experiment),
    }
    assert len(keys) == 4
    assert evaluation_key(replace(suite, role="guard", sesoi=0.5), experiment) in keys


def test_a_limit_of_the_experiment_is_that_of_its_suites(experiment):
    suite = experiment.suites[0]
    limited = changed(experiment, evaluation=replace(experiment.evaluation, limit=3))
    assert evaluation_key(suite, limited) == evaluation_key(replace(suite, limit=3), experiment)


def test_a_digest_is_of_canonical_json_without_what_says_nothing():
    expected = hashlib.sha256(b'{"a":[1,2],"b":0}').hexdigest()[:8]
    assert digest({"b": 0, "a": (1, 2), "new": None, "block": {"inner": None}}) == expected
