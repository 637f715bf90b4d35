"""Bad input: each mistake is named with its value, its JSON path, its line and the remedy; all of a file at once."""

import contextlib
import json

import pytest

from harness.declarations.places import shipped
from harness.errors import SpecError
from harness.spec import load
from harness.spec.recipe import read_recipe


def put(spec, dotted, value):
    """Set one value of a spec; the path is keys and list positions with dots between."""
    *outer, last = [int(step) if step.isdigit() else step for step in dotted.split(".")]
    for step in outer:
        spec = spec[step]
    spec[last] = value


def line_of(path, text):
    """Return the 1-based line of the first line that holds `text`."""
    return next(number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line)


MISTAKES = {
    "a misspelt key": ("keep_weight", True, "$.keep_weight", "unknown key `keep_weight`", "`keep_weights`"),
    "a misspelt key inside": ("comparison.sesio", 1, "$.comparison.sesio", "unknown key `sesio`", "`sesoi`"),
    "a share of warming up": (
        "training.warmup_ratio",
        0.03,
        "$.training.warmup_ratio",
        "unknown key",
        "A fraction of all steps is meant: give it as `warmup_steps`",
    ),
    "a misspelt trainer field": ("training.max_step", 5, "$.training.max_step", "unknown key", "`max_steps`"),
    "a wrong type": (
        "training.max_steps",
        "many",
        "$.training.max_steps",
        '"many" is of the wrong type',
        "a whole number",
    ),
    "a float where a whole number counts": ("seeds", [1.0], "$.seeds[0]", "1.0 is of the wrong type", "a whole number"),
    "a truth value for a number": ("comparison.sesoi", True, "$.comparison.sesoi", "wrong type", "number"),
    "a value out of range": ("comparison.alpha", 0.7, "$.comparison.alpha", "0.7 is out of range", "at most 0.5"),
    "an unknown role": ("suites.1.role", "out_domain", "$.suites[1].role", "not allowed", "`out_of_domain`"),
    "no seeds": ("seeds", [], "$.seeds", "the list is empty", "at least 1"),
    "a seed twice": ("seeds", [1, 2, 1], "$.seeds[2]", "1 is listed twice", "Keep one"),
    "a field that harness sets": ("training.seed", 3, "$.training.seed", "decided by harness", "`seeds`"),
    "steps that nobody watches": ("training.logging_steps", 10, "$.training.logging_steps", "decided", "Every step"),
    "a loss that prompts alone would have": ("training.loss_type", "dft", "$.training.loss_type", "decided", "same"),
    "a loss that the weights would not have": (
        "training.label_smoothing_factor",
        0.1,
        "$.training.label_smoothing_factor",
        "decided by harness",
        "the same for every recipe",
    ),
    "rows packed together": ("training.packing", True, "$.training.packing", "decided by harness", "row of its own"),
    "an unknown recipe": ("recipes.1", "lora--lasthalf", "$.recipes[1]", "not among", "`lora--last-half`"),
    "a recipe file that is not there": ("recipes.1", "./r.json", "$.recipes[1]", "no file './r.json'", "Paths count"),
    "a recipe twice": ("recipes", ["full--default"] * 2, "$.recipes[1]", "listed twice", "Keep one"),
    "an unknown task": ("suites.1.task", "medical_cott", "$.suites[1].task", "not a task", "`medical_cot`"),
    "an unknown training task": ("data.task", "k8s", "$.data.task", "'k8s' is not a task", "harness tasks"),
    "a metric that a task does not report": (
        "suites.1.metric",
        "answer_bits",
        "$.suites[1].metric",
        "no metric 'answer_bits'",
        "`answer_bits_per_byte`",
    ),
    "a suite twice": ("suites.1.task", "k8s_qa", "$.suites[1].task", "listed twice", "Keep one"),
    "two metrics to compare": (
        "suites.1.metric",
        "acc_norm",
        "$.suites[1].metric",
        "cannot be compared with the in-domain 'acc'",
        "one metric",
    ),
    "no in-domain suite": ("suites.0.role", "out_of_domain", "$.suites", "no suite is in-domain", "in_domain"),
    "a reference that is not trained": (
        "comparison.reference",
        "full--defualt",
        "$.comparison.reference",
        "not among the experiment's recipes",
        "`full--default`",
    ),
    "a candidate that is the reference": (
        "comparison.candidates.0",
        "full--default",
        "$.comparison.candidates[0]",
        "the reference itself",
        "another",
    ),
    "shares that leave nothing": (
        "mix",
        [{"source": "task", "task": "k8s_qa", "share": share} for share in (0.5, 0.6)],
        "$.mix",
        "add up to 1.1",
        "less than 1",
    ),
    "a data file that is not there": (
        "data",
        {"source": "jsonl", "path": "rows.jsonl"},
        "$.data.path",
        "there is no file",
        "Paths count from",
    ),
    "a tokenizer folder that is not there": ("model.tokenizer", "gone", "$.model.tokenizer", "no folder", "Paths"),
    "an unknown model source": ("model.source", "wheel", "$.model.source", "not allowed", "pypi"),
    "a field of another source": ("model.revision", "main", "$.model.revision", "unknown key", "Known"),
    "a device that is none": (
        "execute",
        {"device": "gpu0"},
        "$.execute.device",
        "not of the form",
        "cpu, cuda, cuda:1",
    ),
    "no threads": ("execute", {"threads": 0}, "$.execute.threads", "out of range", "at least 1"),
    "a name that is no folder's": ("name", "a/b", "$.name", "not of the form", "must match"),
}
ABOUT_TASKS = ("an unknown task", "an unknown training task")
"""Without lm-eval a name that is not ours may be one of its own."""


FOLLOWED_BY_OTHERS = ("recipes", "recipes.1", "suites.1.metric")
"""What others in the spec name too, so that a mistake there shows in more than one place."""


@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param(mistake, id=name, marks=pytest.mark.run if name in ABOUT_TASKS else ())
        for name, mistake in MISTAKES.items()
    ],
)
def test_a_mistake_is_named_with_place_and_remedy(spec, write, problems, mistake):
    dotted, value, path, message, remedy = mistake
    put(spec, dotted, value)
    found = problems(load, write(spec))
    assert [each for each in found if each[0] == path and message in each[2] and remedy in each[3]], found
    assert len(found) == 1 or dotted in FOLLOWED_BY_OTHERS, found


def test_a_missing_key_says_what_it_would_hold(spec, write, problems):
    del spec["comparison"]["sesoi"]
    ((path, _, message, remedy),) = problems(load, write(spec))
    assert (path, message) == ("$.comparison", "`sesoi` is missing")
    assert "Smallest effect" in remedy


def test_all_mistakes_are_told_at_once_each_with_its_line(spec, write, problems):
    put(spec, "keep_weight", True)
    put(spec, "training.max_step", 5)
    put(spec, "comparison.alpha", 7)
    put(spec, "suites.1.role", "elsewhere")
    file = write(spec)
    found = {path: line for path, line, *_ in problems(load, file)}
    assert found == {
        "$.keep_weight": line_of(file, "keep_weight"),
        "$.training.max_step": line_of(file, '"max_step"'),
        "$.comparison.alpha": line_of(file, "alpha"),
        "$.suites[1].role": line_of(file, "elsewhere"),
    }


@pytest.mark.run
def test_wrong_names_are_told_at_once(spec, write, problems):
    put(spec, "recipes.1", "lora--lasthalf")
    put(spec, "suites.1.task", "medical")
    put(spec, "comparison.reference", "nobody")
    paths = {path for path, *_ in problems(load, write(spec))}
    assert {"$.recipes[1]", "$.suites[1].task", "$.comparison.reference"} <= paths


def test_files_that_extend_each_other_are_shown_as_a_circle(write, problems):
    write({"extends": "./b.json"}, "a.json")
    write({"extends": "./c.json"}, "b.json")
    write({"extends": "./b.json"}, "c.json")
    ((path, line, message, _),) = problems(load, "./a.json")
    assert (path, line) == ("$.extends", 2)
    assert message.endswith("b.json → c.json → b.json")


def test_a_file_that_extends_itself_is_refused(write, problems):
    write({"extends": "self"}, "self.json")
    ((_, _, message, _),) = problems(load, "self")
    assert "circle" in message


def test_extending_what_is_not_there_suggests_a_name(write, problems):
    ((path, line, message, remedy),) = problems(load, write({"extends": "quik"}))
    assert (path, line) == ("$.extends", 2)
    assert "'quik'" in message
    assert "`quick`" in remedy


def test_a_key_said_twice_is_told_with_both_lines(write, problems):
    ((path, line, message, _),) = problems(load, write('{\n "seeds": [1],\n "name": "x",\n "seeds": [2]\n}'))
    assert (path, line) == ("$.seeds", 4)
    assert "line 2" in message


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('{\n "seeds": [1,]\n}', 2, "not JSON"),
        ('{\n "a": 1\n "b": 2\n}', 3, "not JSON"),
        ("", 1, "not JSON"),
        ("[1]", 1, "JSON object"),
        ('{\n "comparison":\n  {"sesoi": NaN}}', 3, "NaN is not a number"),
        ('{"a": 1e999}', 1, "1e999 is not a number"),
        ('{"a": ' + "[" * 90 + "]" * 90 + "}", 1, "too deep"),
    ],
)
def test_text_that_is_no_json_is_told_with_its_line(write, problems, text, line, words):
    ((_, at, message, remedy),) = problems(load, write(text))
    assert at == line
    assert words in message
    assert remedy


def test_a_file_that_is_no_text_is_refused(folder, problems):
    (folder / "bytes.json").write_bytes(b'{"name": "\xff"}')
    ((_, _, message, remedy),) = problems(load, "./bytes.json")
    assert "UTF-8" in message
    assert remedy


def test_layers_beyond_the_declared_model_are_told_in_the_recipes_own_file(spec, write, problems):
    recipe = {"peft": {"peft_type": "LORA"}, "layers": {"strategy": "list", "indices": [3, 4, -5]}}
    file = write(recipe, "adapters/lora--far.json")
    spec["recipes"].append("lora--far")
    found = problems(load, write(spec))
    assert [(path, line) for path, line, *_ in found] == [
        ("$.layers.indices[1]", line_of(file, "  4")),
        ("$.layers.indices[2]", line_of(file, "-5")),
    ]
    assert found[0][2:] == ("there is no layer 4", "The model has 4 layers, 0 to 3.")


@pytest.mark.parametrize(
    ("recipe", "path"),
    [
        ({"layers": {"strategy": "last", "count": 5}}, "$.layers.count"),
        ({"peft": {"peft_type": "LORA", "layers_to_transform": [4]}}, "$.peft.layers_to_transform"),
    ],
)
def test_more_layers_than_the_model_has_are_refused(spec, write, problems, recipe, path):
    write(recipe, "adapters/lora--far.json")
    spec["recipes"].append("lora--far")
    ((at, _, _, remedy),) = problems(load, write(spec))
    assert at == path
    assert "4 layers" in remedy


RECIPE_MISTAKES = {
    "an unknown strategy": ({"layers": {"strategy": "gradinet", "count": 1}}, "$.layers.strategy", "`gradient`"),
    "no amount": ({"layers": {"strategy": "last"}}, "$.layers", "`fraction` or `count`"),
    "two amounts": ({"layers": {"strategy": "last", "fraction": 0.5, "count": 1}}, "$.layers.fraction", "one of them"),
    "an amount for all": ({"layers": {"strategy": "all", "count": 1}}, "$.layers.count", "another strategy"),
    "a list without indices": ({"layers": {"strategy": "list", "count": 1}}, "$.layers.count", "[0, 1]"),
    "indices without a list": ({"layers": {"strategy": "first", "indices": [0]}}, "$.layers.indices", '"list"'),
    "an unknown method": ({"peft": {"peft_type": "LORRA"}}, "$.peft.peft_type", "`LORA`"),
    "a field of another method": ({"peft": {"peft_type": "IA3", "lora_alpha": 1}}, "$.peft.lora_alpha", "Known"),
    "a misspelt PEFT field": ({"peft": {"peft_type": "LORA", "lora_alph": 1}}, "$.peft.lora_alph", "`lora_alpha`"),
    "no method": ({"peft": {"r": 4}}, "$.peft", ""),
    "a misspelt quantization": ({"quantization": {"load_in_4bits": True}}, "$.quantization.load_in_4bits", "4bit"),
    "quantized to nothing": (
        {"quantization": {"bnb_4bit_quant_type": "nf4"}},
        "$.quantization",
        "one of `load_in_4bit` and `load_in_8bit`",
    ),
    "quantized twice": ({"quantization": {"load_in_4bit": True, "load_in_8bit": True}}, "$.quantization", "one of"),
    "a type of four bits that there is not": (
        {"quantization": {"load_in_4bit": True, "bnb_4bit_quant_type": "nf5"}},
        "$.quantization.bnb_4bit_quant_type",
        "nf4, fp4",
    ),
    "a dtype that there is not": (
        {"quantization": {"load_in_4bit": True, "bnb_4bit_compute_dtype": "float33"}},
        "$.quantization.bnb_4bit_compute_dtype",
        "float32, bfloat16, float16",
    ),
    "a misspelt option": (
        {"layers": {"strategy": "gradient", "count": 1, "options": {"chunks": 8}}},
        "$.layers.options.chunks",
        "Did you mean `chunk`?",
    ),
    "an option of another strategy": (
        {"layers": {"strategy": "last", "count": 1, "options": {"chunk": 8}}},
        "$.layers.options.chunk",
        "None is known",
    ),
    "an option out of range": (
        {"layers": {"strategy": "gradient", "count": 1, "options": {"chunk": 0}}},
        "$.layers.options.chunk",
        "at least 1",
    ),
    "a match with nobody": ({"match": {"recipe": "lora--nobody"}}, "$.match.recipe", ""),
    "a match with itself": ({"match": {"recipe": "lora--tried"}}, "$.match.recipe", "another"),
}


@pytest.mark.parametrize(("recipe", "path", "remedy"), RECIPE_MISTAKES.values(), ids=RECIPE_MISTAKES)
def test_a_recipes_mistake_is_named_with_place_and_remedy(write, problems, recipe, path, remedy):
    file = write(recipe, "adapters/lora--tried.json")
    ((at, line, _, said),) = problems(read_recipe, file)
    assert at == path
    assert line is not None
    assert remedy in said


def test_a_recipe_file_must_be_called_by_method_and_name(write, problems):
    ((_, _, message, remedy),) = problems(read_recipe, write({}, "adapters/mine.json"))
    assert "'mine.json'" in message
    assert "<method>--<name>.json" in remedy


@pytest.mark.run
def test_what_the_schema_finds_and_what_names_mean_are_told_at_once(spec, write, problems):
    put(spec, "comparison.alpha", 0.7)
    put(spec, "recipes.1", "lora--lasthalf")
    put(spec, "suites.1.task", "medical_cott")
    put(spec, "keep_weight", True)
    assert {at for at, _, _, _ in problems(load, write(spec))} == {
        "$.comparison.alpha",
        "$.recipes[1]",
        "$.suites[1].task",
        "$.keep_weight",
    }


@pytest.mark.parametrize("block", ["model", "seeds", "data", "training", "recipes", "suites", "comparison"])
def test_a_missing_block_hides_no_other_mistake(spec, write, problems, block):
    del spec[block]
    put(spec, "name", "not a name")
    found = problems(load, write(spec))
    assert {at for at, _, _, _ in found} == {"$", "$.name"}


@pytest.mark.parametrize("value", [None, 3, "x", [], {}])
@pytest.mark.parametrize("block", ["model", "data", "mix", "validation", "tune", "recipes", "suites", "include"])
def test_a_block_of_any_shape_ends_in_problems_or_an_experiment(spec, write, block, value):
    spec[block] = value
    file = write(spec)
    with contextlib.suppress(SpecError):  # any other error is the failure
        load(file)


def test_an_unknown_experiment_suggests_one(folder, problems):
    ((_, _, message, remedy),) = problems(load, "gapp")
    assert message == "'gapp' is not among the specs"
    assert remedy == f"Did you mean `gap`? Searched: ., specs, {shipped('specs')}."


def test_a_problem_reads_as_file_line_path_message_remedy(spec, write):
    put(spec, "keep_weight", True)
    file = write(spec)
    with pytest.raises(Exception, match="keep_weight") as caught:
        load(file)
    line = line_of(file, "keep_weight")
    assert str(caught.value) == (
        f"tried.json:{line}: $.keep_weight: unknown key `keep_weight`. Did you mean `keep_weights`?"
    )
    assert json.loads(file.read_text())["keep_weight"]


def complaints(folder, **fields):
    path = folder / "mine.json"
    path.write_text(json.dumps({"extends": "gap", **fields}))
    with pytest.raises(SpecError) as caught:
        load(path)
    return [(problem.path, problem.remedy) for problem in caught.value.problems]


def test_an_inherited_comparison_says_where_to_give_ones_own(tmp_path):
    ((path, remedy),) = complaints(tmp_path, recipes=["full--default", "lora--first-half"])
    assert path == "$.comparison.candidates[0]"
    assert remedy.endswith("mine.json extends this file: give it a `comparison` with its own recipes.")


def test_a_misspelt_recipe_is_told_where_it_is_listed_and_not_where_it_is_compared(tmp_path):
    told = complaints(tmp_path, recipes=["full--default", "lora--last-hlaf"])
    ((path, remedy),) = told
    assert path == "$.recipes[1]"
    assert remedy.startswith(f"Did you mean `lora--last-half`? Searched: {tmp_path}, {tmp_path / 'adapters'}, ")


@pytest.mark.parametrize(
    ("seeds", "remedy"), [("1", "It must be a list."), ([1.5], "It must be a whole number.")], ids=str
)
def test_a_wrong_type_is_told_in_words(tmp_path, seeds, remedy):
    assert complaints(tmp_path, seeds=seeds)[0][1] == remedy


@pytest.mark.run
def test_a_misspelt_task_is_told_beside_what_else_is_wrong_in_its_block(tmp_path):
    suites = [{"task": "k8s_qq", "role": "in_domain", "metric": "acc"}, {"task": "world_fcts", "role": "gard"}, 3]
    told = dict(complaints(tmp_path, suites=suites, mix=[{"source": "task", "task": "medical_cott", "share": 2}]))
    assert {"$.suites[0].task", "$.suites[1].task", "$.mix[0].task"} < set(told)
    assert told["$.suites[1].task"].startswith("Did you mean `world_facts`?")
    assert {"$.suites[1].role", "$.suites[1]", "$.suites[2]", "$.mix[0].share"} < set(told)


def test_numbers_that_no_trainer_can_train_with_are_told_before_anything_starts(tmp_path):
    wrong = {"per_device_train_batch_size": 0, "max_length": 0, "learning_rate": -1, "num_train_epochs": 0}
    told = dict(complaints(tmp_path, training=wrong))
    assert set(told) == {f"$.training.{field}" for field in wrong}
    assert told["$.training.max_length"] == "It must be at least 1."
