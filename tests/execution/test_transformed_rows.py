"""Recipes that change their rows: other rows train, cells are told apart, and whatever counts rows counts these."""

import json
from dataclasses import replace

import pytest

from harness.errors import SpecError, TaskError
from harness.execution.unit import CellWork
from harness.plan.cells import plan_cells
from harness.plan.identity import rows_key
from harness.preflight.contamination import all_training_passages
from harness.preflight.content import content_at_hand, rows_of
from harness.preflight.token_counts import count_training
from harness.preflight.unknown import Unknown
from harness.sources import models
from harness.spec import load
from harness.spec.records import Data, Recipe, RecipeData, Stage, Transform
from harness.training.rows import stage_rows
from helpers.prepared import content, ids
from helpers.watchers import run


@pytest.fixture
def spec(tiny_spec):
    """The tiny experiment on 12 rows of two forms, its LoRA varied by the share of the rows, also all of them."""
    rows = [{"prompt": f"{n} + 1 =", "completion": f" {n + 1}", "form": "ab"[n % 2]} for n in range(12)]
    (tiny_spec.parent / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    declared = json.loads(tiny_spec.read_text())
    declared["data"] = {"source": "jsonl", "path": "rows.jsonl"}
    shares = {str(share): {"data": {"transforms": {"fraction": {"share": share}}}} for share in (0.5, 0.75, 1)}
    declared["factors"] = {"of": "lora--tiny", "levels": {"rows": shares}}
    tiny_spec.write_text(json.dumps(declared))
    return tiny_spec


def test_cells_are_told_apart_by_the_rows_that_train_them(spec):
    experiment = load(spec)
    digests = ids(plan_cells(experiment, content(experiment)))
    assert len(set(digests.values())) == len(digests) - 1
    assert digests["lora--tiny"] == digests["lora--tiny-rows-1"]  # the same rows, whatever they are declared as


def test_a_plan_counts_the_rows_of_each_recipe(spec):
    experiment = load(spec)
    counted = count_training(experiment, models.tokenizer(experiment.model), Unknown())
    found = {recipe.id: counted.of(recipe.parts[0]).count for recipe in experiment.recipes}
    assert found["lora--tiny"] == 12
    assert [found[f"lora--tiny-rows-{share}"] for share in ("0.5", "0.75", "1")] == [6, 9, 12]


def test_a_work_unit_knows_the_rows_of_its_recipe(spec, tmp_path):
    experiment = load(spec)
    found = content(experiment)
    for planned in plan_cells(experiment, found):
        work = CellWork(experiment=experiment, planned=planned, folder=tmp_path, device="cpu", content=found)
        fewer = planned.cell.recipe in {"lora--tiny-rows-0.5", "lora--tiny-rows-0.75"}
        assert (work.rows_sha256 != found.rows) is fewer


def test_what_is_not_at_hand_is_told_apart_by_its_declaration(spec):
    experiment = replace(load(spec), data=Data(source="hub", id="org/absent", revision="main"))
    unknown = Unknown()
    digests = ids(plan_cells(experiment, content_at_hand(experiment, unknown)))
    assert unknown.absent or unknown.reasons
    assert len(set(digests.values())) == len(digests)


def test_a_stage_is_known_by_its_data_and_what_its_recipe_does_to_them():
    plain, data = Recipe(method="lora", name="a"), Data(source="task", task="sums")
    half = replace(plain, data=RecipeData(transforms={"fraction": Transform(share=0.5)}))
    stages = [Stage(recipe=recipe, data=own) for recipe in (plain, half) for own in (None, data)]
    keys = [rows_key(each) for each in stages]
    assert keys[0] is None
    assert len(set(keys)) == 4
    control = replace(plain, data=RecipeData(control="permuted_answers"))
    assert rows_key(Stage(recipe=control)) is None


def test_a_variant_of_other_rows_is_no_placebo(spec):
    experiment = load(spec)
    half = next(each for each in experiment.recipes if each.id == "lora--tiny-rows-0.5")
    dealt = replace(half, name="dealt", data=replace(half.data, control="permuted_answers"))
    assert experiment.placebos == {}
    assert replace(experiment, recipes=(*experiment.recipes, dealt)).placebos == {half.id: "lora--dealt"}


def test_a_run_trains_on_the_rows_that_are_left(spec, tmp_path):
    declared = json.loads(spec.read_text())
    del declared["factors"]["levels"]["rows"]["1"]  # trained as the centre is, and copies are refused
    spec.write_text(json.dumps(declared))
    ledger, _ = run(spec, tmp_path / "runs" / "tiny")
    rows = {each.cell.recipe: each.training.rows.total for each in ledger.outcomes if each.cell.seed is not None}
    assert rows["lora--tiny-rows-0.5"] == 6
    assert rows["lora--tiny"] == 12
    digests = {each.cell.recipe: each.meta_info.dataset_info.sha256 for each in ledger.outcomes}
    others = {digest for recipe, digest in digests.items() if "rows" not in recipe}
    assert others == {digests["lora--tiny"]}
    assert digests["lora--tiny-rows-0.5"] not in others


@pytest.fixture
def noisy(spec):
    """The tiny experiment with a variant that has wrong answers, and one from which rows are dropped as well."""
    declared = json.loads(spec.read_text())
    noise = {"noise": {"share": 0.5}}
    declared["factors"]["levels"] = {
        "rows": {
            "noisy": {"data": {"transforms": noise}},
            "cleaned": {"data": {"transforms": {**noise, "least_confident": {"share": 0.25}}}},
        }
    }
    spec.write_text(json.dumps(declared))
    return spec


def test_what_is_dropped_by_loss_is_part_of_the_identity_and_counted(noisy):
    experiment = load(noisy)
    digests = ids(plan_cells(experiment, content(experiment)))
    assert len(set(digests.values())) == len(experiment.recipes)
    counted = count_training(experiment, models.tokenizer(experiment.model), Unknown())
    found = {recipe.id: counted.of(recipe.parts[0]) for recipe in experiment.recipes}
    assert found["lora--tiny-rows-cleaned"].count == 9
    assert found["lora--tiny-rows-noisy"].origins == {"noise": 6}
    assert found["lora--tiny"].origins == {}


def test_a_run_trains_on_wrong_answers_and_drops_what_the_base_is_least_confident_of(noisy, tmp_path):
    ledger, _ = run(noisy, tmp_path / "runs" / "tiny")
    trained = {each.cell.recipe: each for each in ledger.outcomes if each.cell.seed == 1}
    assert trained["lora--tiny-rows-noisy"].training.rows.origins == {"noise": 6}
    assert trained["lora--tiny-rows-cleaned"].training.rows.total == 9
    assert "select" in trained["lora--tiny-rows-cleaned"].costs.seconds
    assert "select" not in trained["lora--tiny-rows-noisy"].costs.seconds


def test_rows_without_a_form_stop_the_run_with_the_recipes_name(noisy):
    rows = [{"prompt": f"{n}", "completion": " 1"} for n in range(12)]
    (noisy.parent / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    experiment = load(noisy)
    with pytest.raises(TaskError, match=r"lora--tiny-rows-(noisy|cleaned): noise .*12 of 12 training rows"):
        rows_of(experiment, models.tokenizer(experiment.model))


def test_changed_rows_are_compared_with_what_is_scored_as_they_train(noisy):
    found = [each for each in all_training_passages(load(noisy)) if "noise" in each.id]
    assert len(found) == 12  # six of each variant
    assert all(each.whole == each.fact for each in found)
    assert {each.id.partition(" of ")[2].partition(" (")[0] for each in found} == {
        "lora--tiny-rows-noisy",
        "lora--tiny-rows-cleaned",
    }


@pytest.fixture
def mixed(spec):
    """The tiny experiment with a variant that mixes a second file in, next to the spec."""
    rows = [{"prompt": f"{n} + 2 =", "completion": f" {n + 2}", "form": "a"} for n in range(9)]
    (spec.parent / "others.jsonl").write_text("\n".join(map(json.dumps, rows)))
    declared = json.loads(spec.read_text())
    mix = [{"source": "jsonl", "path": "others.jsonl", "share": 0.25}]
    half = {"transforms": {"fraction": {"share": 0.5}}}
    levels = {"quarter": {"data": {"mix": mix}}, "quarter_of_half": {"data": {"mix": mix, **half}}}
    declared["factors"]["levels"] = {"mix": levels}
    spec.write_text(json.dumps(declared))
    return spec


def test_a_recipe_mixes_in_what_it_declares_and_no_other_does(mixed):
    experiment, tokenizer = load(mixed), models.tokenizer(load(mixed).model)
    found = {each.id: stage_rows(experiment, each.parts[0], tokenizer) for each in experiment.recipes}
    assert len(found["lora--tiny"]) == 12
    assert sum("+ 2 =" in row["prompt"] for row in found["lora--tiny-mix-quarter"]) == 4  # of 16
    assert len(found["lora--tiny-mix-quarter_of_half"]) == 8
    digests = {each.cell.id.rpartition("--")[2] for each in plan_cells(experiment, content(experiment))}
    assert len(digests) == len(plan_cells(experiment, content(experiment)))
    counted = count_training(experiment, tokenizer, Unknown())
    assert [counted.of(each.parts[0]).count for each in experiment.recipes if "mix" in each.id] == [16, 8]


def test_what_a_recipe_mixes_in_is_compared_with_what_is_scored(mixed):
    ids = [each.id for each in all_training_passages(load(mixed))]
    others = [each for each in ids if "others.jsonl" in each]
    assert len(others) == 9  # once, though two recipes have them
    assert others[0].startswith("1 of mix[0] of lora--tiny-mix-quarter (")


def test_an_empty_mix_takes_the_experiments_away(mixed):
    experiment = load(mixed)
    member = replace(experiment.data, share=0.5)
    experiment = replace(experiment, mix=(member,))
    plain = experiment.recipes[0]
    bare = replace(plain, data=RecipeData(mix=()))
    assert rows_key(Stage(recipe=plain)) is None
    assert rows_key(Stage(recipe=bare)) is not None
    assert experiment.for_stage(Stage(recipe=plain)).mix == (member,)
    assert experiment.for_stage(Stage(recipe=bare)).mix == ()


def test_a_mix_that_cannot_be_is_refused_where_it_is_written(mixed):
    declared = json.loads(mixed.read_text())
    declared["factors"]["levels"]["mix"]["quarter"]["data"]["mix"] = [
        {"source": "jsonl", "path": "absent.jsonl", "share": 0.5},
        {"source": "jsonl", "path": "others.jsonl", "share": 0.5},
    ]
    mixed.write_text(json.dumps(declared))
    with pytest.raises(SpecError) as raised:
        load(mixed)
    told = {(each.path, each.message.split(" /")[0]) for each in raised.value.problems}
    assert told == {
        ("$.data.mix[0].path", "there is no file"),
        ("$.data.mix", "the shares add up to 1 and leave nothing of the data"),
    }


def test_rows_of_a_stage_are_those_of_its_data_changed(spec):
    experiment = load(spec)
    half = next(each for each in experiment.recipes if each.id == "lora--tiny-rows-0.5")
    own = Data(source="jsonl", path=str(spec.parent / "rows.jsonl"))
    tokenizer = models.tokenizer(experiment.model)
    assert len(stage_rows(experiment, Stage(recipe=half, data=own), tokenizer)) == 6
