"""--only and --set on specs that are wrong already: the schema tells, nothing breaks."""

import pytest

from harness.spec import Overrides, load

ONLY = ("full--default", "lora--last-half")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("comparison.candidates=null", "$.comparison.candidates"),
        ("comparison=3", "$.comparison"),
        ("suites=3", "$.suites"),
        ('suites=["k8s_qa"]', "$.suites[0]"),
        ("model.config.num_hidden_layers=true", "$.model.config.num_hidden_layers"),
    ],
)
def test_a_wrong_shape_under_a_selection_is_told(text, path, problems):
    found = problems(load, "gap", overrides=Overrides(set=(text,), only=ONLY))
    assert path in [each[0] for each in found]


def test_a_new_object_is_placed_at_the_option_that_made_it(problems):
    with pytest.raises(Exception, match=r"^--set x\.y\.z=1: \$\.x: unknown key `x`"):
        load("gap", overrides=Overrides(set=("x.y.z=1",)))


def test_what_stays_keeps_its_own_line(spec, write, problems):
    spec["suites"][1]["limit"] = 0
    spec["suites"].insert(1, {"task": "techmanual_qa", "role": "out_of_domain", "metric": "acc"})
    file = write(spec)
    names = ("k8s_qa", "medical_cot")
    ((path, line, *_),) = problems(load, file, overrides=Overrides(only=names))
    assert path == "$.suites[1].limit"
    assert file.read_text().splitlines()[line - 1].strip() == '"limit": 0'


def test_a_selection_shortens_recipes_candidates_and_suites():
    chosen = load("peft-methods", overrides=Overrides(only=(first := candidate("peft-methods"), reference(), "k8s_qa")))
    assert sorted(recipe.id for recipe in chosen.recipes) == sorted([first, reference()])
    assert chosen.comparison.candidates == (first,)
    assert [suite.task for suite in chosen.suites] == ["k8s_qa"]


def candidate(name):
    return load(name).comparison.candidates[0]


def reference():
    return load("peft-methods").comparison.reference


def test_a_recipe_that_cannot_be_read_is_told_once(spec, write, problems):
    write({"peft": {"peft_type": "LORRA"}}, "adapters/lora--broken.json")
    spec["recipes"][1] = spec["comparison"]["candidates"][0] = "lora--broken"
    ((path, *_),) = problems(load, write(spec))
    assert path == "$.peft.peft_type"
