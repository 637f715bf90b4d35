"""A `peft` block as people have it: what says nothing is passed over, what is old is called so."""

import json

import pytest

from harness.errors import SpecError
from harness.spec.recipe import read_recipe

LORA = {"peft_type": "LORA", "r": 4, "target_modules": ["q_proj"]}
FROM_A_HUB = {
    "alpha_pattern": {}, "auto_mapping": None, "base_model_name_or_path": "somebody/model", "bias": "none",
    "enable_lora": None, "fan_in_fan_out": False, "inference_mode": True, "layers_pattern": [],
    "layers_to_transform": None, "loftq_config": None, "megatron_core": "megatron.core", "merge_weights": False,
    "modules_to_save": [], "rank_pattern": None, "revision": None, "target_modules": ".*(q|v)_proj",
}  # fmt: skip


@pytest.fixture
def read(tmp_path):
    def from_file(peft, name="lora--mine", **more):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps({"peft": peft, **more}))
        return read_recipe(path).recipe

    return from_file


def test_a_config_of_an_older_peft_is_read_and_what_says_nothing_left_out(read):
    block = read({**LORA, **FROM_A_HUB}).peft
    assert block["target_modules"] == ".*(q|v)_proj"
    assert not {"enable_lora", "merge_weights", "layers_pattern", "loftq_config", "modules_to_save"} & block.keys()


@pytest.mark.parametrize("nothing", [None, [], {}, "", False])
@pytest.mark.parametrize(
    ("peft", "field"),
    [
        ({"peft_type": "IA3", "target_modules": ["k_proj"]}, "rank_pattern"),
        ({"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 2}, "target_modules"),
        ({"peft_type": "LOHA", "target_modules": ["k_proj"]}, "init_lora_weights"),
        (LORA, "prefix_projection"),
    ],
)
def test_a_field_of_another_method_may_say_nothing(read, peft, field, nothing):
    assert field not in read({**peft, field: nothing}).peft


@pytest.mark.parametrize("field", ["rank_pattern", "layers_pattern", "modules_to_save", "layers_to_transform"])
@pytest.mark.parametrize("nothing", [None, [], {}])
def test_a_field_of_its_own_may_too(read, field, nothing):
    assert field not in read({**LORA, field: nothing}).peft


def test_no_modules_at_all_is_something(read):
    assert read({**LORA, "target_modules": [], "target_parameters": ["experts.down_proj"]}).peft["target_modules"] == []


def test_old_fields_that_say_something_are_called_old_beside_every_other_error(read):
    with pytest.raises(SpecError) as refused:
        read({**LORA, "enable_lora": [True, False], "merge_weights": True, "r": None, "lora_alfa": None, "rank": 3})
    said = [str(problem) for problem in refused.value.problems]
    assert sum("is a field of an older PEFT" in line for line in said) == 2
    assert any("$.peft.r: null is of the wrong type" in line for line in said)
    assert any("unknown key `lora_alfa`" in line for line in said)  # a slip is none of any method
    assert any("unknown key `rank`" in line for line in said)


@pytest.mark.parametrize("name", ["adapter_config", "lora--mine"])
def test_pefts_own_file_is_told_how_to_become_a_recipe(tmp_path, name):
    path = tmp_path / f"{name}.json"
    path.write_text(json.dumps({**LORA, **FROM_A_HUB}))
    with pytest.raises(SpecError) as refused:
        read_recipe(path)
    (problem,) = refused.value.problems
    assert "this is PEFT's adapter_config.json" in str(problem)
    assert '{"peft": {…}' in str(problem)


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ({"modules": "attention"}, "`modules` says what a `peft` block adapts, and there is none"),
        ({"peft": LORA, "modules": "attention"}, "`peft.target_modules` does not go with `modules`"),
        ({"peft": {"peft_type": "LORA", "layers_to_transform": [1]}, "modules": ["q"]}, "Use `layers`"),
        ({"peft": {"peft_type": "LORA"}, "modules": "atention"}, "Did you mean `attention`"),
        ({"peft": {"peft_type": "LORA"}, "modules": ["mlp", "kq"]}, r'"kq" is not a role of modules'),
    ],
)
def test_modules_by_role_stand_alone_and_have_a_name(tmp_path, recipe, words):
    path = tmp_path / "lora--mine.json"
    path.write_text(json.dumps(recipe))
    with pytest.raises(SpecError, match=words):
        read_recipe(path)


def test_one_role_may_stand_without_a_list(read):
    assert read({"peft_type": "LORA"}, modules="mlp").modules == ("mlp",)
    assert read({"peft_type": "LORA"}, modules=None).modules == ()
