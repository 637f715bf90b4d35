"""Recipes in stages: read in place, and everything wrong with their order told with path and line."""

import json

import pytest

from harness.methods.traits import traits
from harness.spec import load, lock, unlock
from harness.spec.recipe import read_recipe

LORA = {"recipe": "lora--r16", "then": "merge"}
LAST = {"recipe": "lora--r16"}


def line_of(path, text):
    """Return the 1-based line of the first line that holds `text`."""
    return next(number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line)


def test_stages_hold_their_recipes_data_and_training(write, folder):
    (folder / "adapters").mkdir()
    (folder / "adapters" / "rows.jsonl").write_text("")
    first = {**LORA, "data": {"source": "jsonl", "path": "rows.jsonl"}, "training": {"max_steps": 7}}
    recipe = read_recipe(write({"stages": [first, LAST]}, "adapters/staged--tried.json")).recipe
    assert [stage.recipe.id for stage in recipe.stages] == ["lora--r16", "lora--r16"]
    assert recipe.stages[0].data.path == str(folder / "adapters" / "rows.jsonl")
    assert recipe.stages[0].trained.training == {**recipe.stages[1].recipe.training, "max_steps": 7}
    assert [stage.then for stage in recipe.stages] == ["merge", None]
    assert recipe.parts == recipe.stages
    assert not traits(recipe).trains_base_weights


def test_a_recipe_without_stages_is_its_own_only_part():
    recipe = load("gap").recipes[0]
    (part,) = recipe.parts
    assert (part.recipe, part.data, part.then) == (recipe, None, None)
    assert traits(recipe).trains_base_weights


def test_a_stage_sees_its_own_data_or_the_experiments(spec, write):
    spec["recipes"].append("staged--medical-merged")
    spec["mix"] = [{"source": "task", "task": "medical_cot", "share": 0.5}]
    experiment = load(write(spec))
    first, second = experiment.recipes[-1].stages
    assert (experiment.for_stage(first).data.task, experiment.for_stage(first).mix) == ("medical_cot", ())
    assert experiment.for_stage(second) is experiment
    assert unlock(json.loads(json.dumps(lock(experiment)))) == experiment


MISTAKES = {
    "no stage": ([], "$.stages", "the list is empty"),
    "an unknown recipe": ([{"recipe": "lora--nobody"}], "$.stages[0].recipe", "not among the adapters"),
    "itself": ([LORA, {"recipe": "staged--tried"}], "$.stages[1].recipe", "a stage of itself: staged--tried"),
    "a staged one": ([{"recipe": "staged--medical-kept"}], "$.stages[0].recipe", "has stages itself"),
    "an unknown key": ([{**LAST, "than": "merge"}], "$.stages[0].than", "unknown key `than`"),
    "an unknown end": ([{**LORA, "then": "fuse"}, LAST], "$.stages[0].then", '"fuse" is not allowed'),
    "no end": ([LAST, LAST], "$.stages[0]", "`then` is missing"),
    "an end of the last": ([LORA, LORA], "$.stages[1].then", "this is the last"),
    "an end of full fine-tuning": (
        [{"recipe": "full--default", "then": "keep"}, LAST],
        "$.stages[0].then",
        "leaves no adapter to keep",
    ),
    "a bottleneck first": (
        [{"recipe": "bottleneck--houlsby", "then": "merge"}, LAST],
        "$.stages[0].recipe",
        "neither merged nor kept",
    ),
    "a misspelt trainer field": ([{**LAST, "training": {"max_step": 1}}], "$.stages[0].training.max_step", "unknown"),
    "no such source": ([{**LAST, "data": {"source": "web"}}], "$.stages[0].data.source", '"web" is not a data source'),
    "data without a task": ([{**LAST, "data": {"source": "task"}}], "$.stages[0].data", "`task` is missing"),
    "a share": (
        [{**LAST, "data": {"source": "task", "task": "k8s_qa", "share": 0.5}}],
        "$.stages[0].data.share",
        "belongs to a mix",
    ),
    "no such file": (
        [{**LAST, "data": {"source": "jsonl", "path": "none.jsonl"}}],
        "$.stages[0].data.path",
        "there is no file",
    ),
    "quantized and merged": (
        [{"recipe": "qlora--nf4", "then": "merge"}, {"recipe": "qlora--nf4"}],
        "$.stages[0].then",
        "rounded off",
    ),
    "one quantized": (
        [{"recipe": "lora--r16", "then": "keep"}, {"recipe": "qlora--nf4"}],
        "$.stages[1].recipe",
        "loaded once",
    ),
}


@pytest.mark.parametrize(("stages", "path", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_a_stage_is_named_with_its_place(write, problems, stages, path, words):
    file = write({"stages": stages}, "adapters/staged--tried.json")
    ((at, line, message, _),) = problems(read_recipe, file)
    assert at == path
    assert line is not None
    assert words in message


def test_all_mistakes_of_all_stages_are_told_at_once(write, problems):
    write({"layers": {"strategy": "last"}}, "adapters/lora--broken.json")
    stages = [{"recipe": "lora--broken"}, {"recipe": "lora--nobody"}, LAST, {**LORA, "then": "keep"}]
    file = write({"stages": stages}, "adapters/staged--tried.json")
    found = problems(read_recipe, file)
    assert [(path, line) for path, line, *_ in found] == [
        ("$.layers", 2),  # in the stage recipe's own file
        ("$.stages[1].recipe", line_of(file, "nobody")),
        ("$.stages[2]", line_of(file, "r16") - 1),
        ("$.stages[3].then", line_of(file, "keep")),
    ]


@pytest.mark.parametrize(
    "key", ["compute", "peft", "bottleneck", "layers", "match", "quantization", "training", "probe_batches"]
)
def test_a_recipe_in_stages_says_nothing_of_a_method(write, problems, key):
    values = {
        "peft": {"peft_type": "LORA"},
        "bottleneck": {"placement": "pfeiffer"},
        "layers": {"strategy": "last", "count": 1},
        "match": {"recipe": "lora--r16"},
        "quantization": {"load_in_4bit": True},
        "training": {"max_steps": 1},
        "probe_batches": 2,
        "compute": {"recipe": "lora--r16", "measure": "flops"},
    }
    file = write({"stages": [LAST], key: values[key]}, "adapters/staged--tried.json")
    ((path, line, message, remedy),) = problems(read_recipe, file)
    assert (path, line) == (f"$.{key}", line_of(file, f'"{key}"'))
    assert message == f"`{key}` does not go with `stages`"
    assert remedy


def test_a_circle_of_stages_and_matches_is_told(write, problems):
    write({"peft": {"peft_type": "LORA"}, "match": {"recipe": "staged--tried"}}, "adapters/lora--round.json")
    file = write({"stages": [{"recipe": "lora--round"}]}, "adapters/staged--tried.json")
    ((path, _, message, _),) = problems(read_recipe, file)
    assert path == "$.match.recipe"
    assert "staged--tried → lora--round → staged--tried" in message


def test_a_recipe_in_stages_cannot_be_matched(write, problems):
    recipe = {"peft": {"peft_type": "LORA"}, "match": {"recipe": "staged--medical-kept"}}
    ((path, _, message, _),) = problems(read_recipe, write(recipe, "adapters/lora--tried.json"))
    assert path == "$.match.recipe"
    assert "in stages" in message


def test_a_search_does_not_go_through_stages(spec, write, problems):
    spec["recipes"].append("staged--medical-merged")
    spec["tune"] = {"search": {"max_steps": {"values": [1, 2]}}, "seed": 9}
    ((path, _, message, remedy),) = problems(load, write(spec))
    assert path == "$.tune"
    assert "'staged--medical-merged' is trained in stages" in message
    assert "tune.recipes" in remedy
    spec["tune"]["recipes"] = ["lora--last-half"]
    assert load(write(spec)).tune


def test_stages_neither_spend_as_another_run_nor_are_the_measure_of_one(spec, write, problems):
    compute = {"recipe": "full--default", "measure": "flops"}
    write({"compute": compute}, "adapters/full--spending.json")
    file = write({"stages": [{"recipe": "full--spending"}]}, "adapters/staged--tried.json")
    ((path, _, message, _),) = problems(read_recipe, file)
    assert path == "$.stages[0].recipe"
    assert "whole run" in message
    write({"compute": {**compute, "recipe": "staged--medical-kept"}}, "adapters/full--spending.json")
    spec["recipes"] += ["staged--medical-kept", "full--spending"]
    ((path, *_),) = problems(load, write(spec))
    assert path == "$.compute.recipe"


def test_tasks_and_layers_of_stages_are_checked_with_the_experiment(spec, write, problems):
    write({"peft": {"peft_type": "LORA"}, "layers": {"strategy": "list", "indices": [9]}}, "adapters/lora--far.json")
    stages = [{**LORA, "data": {"source": "task", "task": "k8s_qaa"}}, {"recipe": "lora--far"}]
    file = write({"stages": stages}, "adapters/staged--tried.json")
    spec["recipes"].append("staged--tried")
    found = {path: (line, message) for path, line, message, _ in problems(load, write(spec))}
    assert found["$.stages[0].data.task"] == (line_of(file, "k8s_qaa"), "'k8s_qaa' is not a task")
    assert found["$.layers.indices[0]"][1] == "there is no layer 9"
