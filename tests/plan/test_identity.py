"""A cell's id changes with what changes its numbers, and with nothing else."""

import hashlib
from dataclasses import replace

import pytest

from harness.plan.cells import plan_cells
from harness.plan.identity import data_key, digest, evaluation_key, trained_cell
from harness.spec import load
from harness.spec.records import Control, Data, EarlyStopping, PluginBlock, Recipe, Stage
from helpers.contents import CONTENT


@pytest.fixture
def experiment(tiny_spec):
    return load(tiny_spec)


def cell(experiment, *, recipe=1, seed=1, **content):
    return trained_cell(experiment, experiment.recipes[recipe], seed, replace(CONTENT, **content))


def changed(experiment, **changes):
    return replace(experiment, **changes)


def test_the_base_comes_first_and_seeds_run_as_whole_pairs(experiment):
    cells = [planned.cell for planned in plan_cells(experiment, CONTENT)]
    assert [(each.recipe, each.seed) for each in cells] == [
        ("base", None),
        ("full--default", 1),
        ("lora--tiny", 1),
        ("full--default", 2),
        ("lora--tiny", 2),
    ]
    assert len({each.id for each in cells}) == 5
    assert cells[2].id.startswith("lora--tiny--s1--")


def controlled(experiment, *shots):
    controls = tuple(Control(num_fewshot=k) for k in shots)
    return plan_cells(replace(experiment, controls=controls), CONTENT)


def test_a_control_is_the_base_with_examples_and_comes_after_it(experiment):
    cells = controlled(experiment, 1, 5)
    assert [(each.cell.recipe, each.cell.seed, each.recipe) for each in cells[:3]] == [
        ("base", None, None),
        ("base, 1 example", None, None),
        ("base, 5 examples", None, None),
    ]
    assert {suite.num_fewshot for suite in cells[2].suites.values()} == {5}
    assert len({each.cell.id for each in cells}) == len(cells) == 7
    assert not set(cells[0].suites) & set(cells[2].suites)


def test_a_control_is_scored_in_and_out_of_domain_where_it_changes_something(experiment):
    near, far = experiment.suites
    suites = (near, replace(far, num_fewshot=5), replace(near, task="kept", role="guard"))
    (_, control, *_) = controlled(replace(experiment, suites=suites[:2]), 5)
    assert [suite.task for suite in control.suites.values()] == [near.task]
    assert [suite.task for suite in Control(num_fewshot=5).suites(suites)] == [near.task]


def test_controls_change_no_other_cell(experiment):
    others = [each for each in controlled(experiment, 5) if each.control is None]
    assert others == list(plan_cells(experiment, CONTENT))


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
    assert trained_cell(other, recipe, 1, CONTENT) == cell(experiment)


def staged(experiment, **changes):
    recipe = experiment.recipes[1]
    first = Stage(recipe=recipe, data=Data(source="task", task="sums_far"), then="merge")
    stages = (replace(first, **changes), Stage(recipe=recipe))
    return trained_cell(experiment, Recipe(method="staged", name="x", stages=stages), 1, CONTENT).id


def test_what_a_stage_trains_and_on_what_counts_and_its_names_do_not(experiment):
    recipe = experiment.recipes[1]
    ids = {
        staged(experiment),
        staged(experiment, then="keep"),
        staged(experiment, training={"max_steps": 9}),
        staged(experiment, data=Data(source="task", task="sums")),
        staged(experiment, recipe=replace(recipe, training={"learning_rate": 0.5})),
        staged(experiment, recipe=replace(recipe, peft={**recipe.peft, "r": 3})),
        staged(changed(experiment, training={**experiment.training, "max_steps": 3})),
        cell(experiment).id,
    }
    assert len(ids) == 8
    assert staged(experiment, data=None) != staged(experiment)
    renamed = replace(recipe, method="other", name="y", description="other words")
    assert staged(experiment, recipe=renamed) == staged(experiment)


def test_rows_count_wherever_they_were_read_from(experiment):
    ids = {
        cell(experiment).id,
        cell(experiment, rows="others").id,
        cell(experiment, tokenizer="another").id,
        cell(changed(experiment, early_stopping=EarlyStopping(patience=1))).id,
        cell(changed(experiment, early_stopping=EarlyStopping(patience=1)), validation="others").id,
    }
    assert len(ids) == 5
    assert cell(experiment, validation="others") == cell(experiment)
    elsewhere = Data(source="jsonl", path="/somewhere/else.jsonl")
    assert cell(changed(experiment, data=elsewhere)) == cell(experiment)


def test_the_rows_of_a_stage_count(experiment):
    own = Data(source="task", task="sums_far")
    key = data_key(own)
    recipe = experiment.recipes[1]
    stages = (Stage(recipe=recipe, data=own, then="merge"), Stage(recipe=recipe))
    whole = Recipe(method="staged", name="x", stages=stages)
    ids = {
        trained_cell(experiment, whole, 1, replace(CONTENT, stages={key: rows}, rows=others)).id
        for rows in ("a", "b")
        for others in ("c", "d")
    }
    assert len(ids) == 4


def test_the_version_of_a_plugin_counts(experiment):
    recipe = experiment.recipes[1]
    block = PluginBlock(name="scale", options={}, distribution="tiny", version="1.0")
    first, second = (replace(recipe, peft=None, plugin=replace(block, version=version)) for version in ("1.0", "1.1"))
    assert trained_cell(experiment, first, 1, CONTENT) != trained_cell(experiment, second, 1, CONTENT)
    sources = [changed(experiment, data=Data(source="mine", plugin=f"tiny=={version}")) for version in ("1.0", "1.1")]
    assert cell(sources[0]).id != cell(sources[1]).id


def test_an_evaluation_is_known_by_its_suites_content_tokenizer_and_options(experiment):
    suite = experiment.suites[0]
    batched = changed(experiment, evaluation=replace(experiment.evaluation, batch_size=2))
    keys = {
        evaluation_key(suite, experiment, CONTENT),
        evaluation_key(suite, experiment, replace(CONTENT, suites={suite.task: "other"})),
        evaluation_key(suite, experiment, replace(CONTENT, tokenizer="other")),
        evaluation_key(suite, batched, CONTENT),
        evaluation_key(experiment.suites[1], experiment, CONTENT),
    }
    assert len(keys) == 5
    assert evaluation_key(replace(suite, role="guard", sesoi=0.5), experiment, CONTENT) in keys


def test_a_digest_is_of_canonical_json_without_what_says_nothing():
    expected = hashlib.sha256(b'{"a":[1,2],"b":0}').hexdigest()[:8]
    assert digest({"b": 0, "a": (1, 2), "new": None, "block": {"inner": None}}) == expected


def test_a_loss_that_is_looked_at_is_had_of_the_cells_that_were_trained_with_it(experiment):
    every = replace(experiment.validation, every=5)
    judged = replace(CONTENT, validation="v")
    ids = {
        cell(experiment).id,
        trained_cell(changed(experiment, validation=every), experiment.recipes[1], 1, judged).id,
        trained_cell(changed(experiment, validation=replace(every, every=6)), experiment.recipes[1], 1, judged).id,
    }
    assert len(ids) == 3
    assert trained_cell(experiment, experiment.recipes[1], 1, judged).id in ids  # rows that decide nothing do not count


def test_what_is_read_of_lower_layers_counts_where_it_rounds_otherwise(experiment):
    def executed(**changes):
        return changed(experiment, execute=replace(experiment.execute, **changes))

    plain = [each.cell.id for each in plan_cells(experiment, CONTENT)]
    off = executed(frozen_prefix=False, frozen_prefix_bytes=1)
    assert [each.cell.id for each in plan_cells(off, CONTENT)] == plain
    suite = experiment.suites[0]
    assert evaluation_key(suite, off, CONTENT) == evaluation_key(suite, experiment, CONTENT)
    trained = [each.cell.id for each in plan_cells(executed(frozen_training=True), CONTENT)]
    assert [one == other for one, other in zip(trained, plain, strict=True)] == [True, True, False, True, False]
