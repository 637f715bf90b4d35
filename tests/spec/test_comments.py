"""A `$comment` may stand in every object of a spec and a recipe, and means nothing."""

import json

import pytest
from jsonschema import Draft202012Validator

from harness.spec import Overrides, load, lock
from harness.spec.recipe import read_recipe
from harness.spec.schema import bundled

RECIPE = {
    "$comment": "of the whole",
    "peft": {"$comment": "PEFT's own", "peft_type": "LORA", "task_type": "CAUSAL_LM", "target_modules": ["q_proj"]},
    "layers": {"$comment": "which", "strategy": "last", "count": 1},
    "training": {"$comment": "SFTConfig's", "learning_rate": 0.01},
}


def commented(value):
    """Return a JSON value with a remark in each of its objects."""
    if isinstance(value, list):
        return [*map(commented, value)]
    if isinstance(value, dict):
        return {"$comment": "why", **{key: commented(each) for key, each in value.items()}}
    return value


def without_file(experiment):
    return {key: value for key, value in lock(experiment).items() if key != "file"}


def test_remarks_everywhere_change_nothing(spec, write):
    plain = without_file(load(write(spec, "plain.json")))
    remarked = load(write(commented(spec), "remarked.json"))
    assert without_file(remarked) == plain
    assert "$comment" not in json.dumps(lock(remarked))


def test_the_published_schemas_allow_them(spec, write):
    value = commented(spec)
    assert [*Draft202012Validator(bundled("experiment")).iter_errors(value)] == []
    assert [*Draft202012Validator(bundled("recipe")).iter_errors(RECIPE)] == []


def test_a_recipe_with_remarks_is_the_recipe(tmp_path, write):
    recipe = read_recipe(write(RECIPE, "lora--remarked.json")).recipe
    assert dict(recipe.training) == {"learning_rate": 0.01}
    assert "$comment" not in recipe.peft


def test_an_option_may_hold_one_too(spec, write):
    few = Overrides(set=('evaluation={"limit": 3, "$comment": "few"}',))
    assert load(write(spec), overrides=few).evaluation.limit == 3


@pytest.mark.parametrize("remark", [1, ["a"], {"a": "b"}, None])
def test_one_that_is_no_text_is_refused(spec, write, problems, remark):
    found = problems(load, write({**spec, "training": {**spec["training"], "$comment": remark}}))
    assert [path for path, *_ in found] == ["$.training.$comment"]
