"""Fields that a search sets in a recipe, by their path."""

import json

import pytest

from harness.registry import find
from harness.spec.recipe import read_recipe
from harness.spec.searched import declared_value, document_with, is_of_recipe, with_values

LORA = {"peft": {"peft_type": "LORA", "r": 8, "lora_alpha": 16}, "layers": {"strategy": "last", "fraction": 0.5}}


@pytest.fixture
def recipe(tmp_path):
    file = tmp_path / "lora--tried.json"
    file.write_text(json.dumps(LORA))
    return read_recipe(file).recipe


def test_a_field_of_sftconfig_has_no_path(recipe):
    assert not is_of_recipe("learning_rate")
    assert all(map(is_of_recipe, ("peft.r", "modules", "probe_batches", "layers.count")))
    assert with_values(recipe, {"learning_rate": 1e-3}).training == {"learning_rate": 1e-3}


def test_a_recipes_fields_are_set_where_they_stand_and_the_rest_stays(recipe):
    found = with_values(recipe, {"peft.r": 4, "peft.rank_pattern.mlp": 64, "modules": "attention", "weight_decay": 0.1})
    assert found.peft == {**recipe.peft, "r": 4, "rank_pattern": {"mlp": 64}}
    assert found.modules == ("attention",)
    assert found.training == {"weight_decay": 0.1}
    assert found.id == recipe.id
    assert found.layers == recipe.layers
    assert recipe.peft["r"] == 8


def test_a_number_of_layers_takes_the_place_of_another(recipe):
    found = with_values(recipe, {"layers.count": 3, "layers.strategy": "first"}).layers
    assert (found.strategy, found.count, found.fraction) == ("first", 3, None)
    assert document_with(LORA, {"layers.count": 3})["layers"] == {"strategy": "last", "count": 3}
    assert LORA["layers"] == {"strategy": "last", "fraction": 0.5}


def test_what_a_recipe_says_is_found_and_what_it_does_not_say_is_none(recipe):
    said = [declared_value(recipe, {"learning_rate": 2}, each) for each in ("peft.r", "learning_rate", "peft.a.b")]
    assert said == [8, 2, None]


def test_a_plug_ins_options_are_set_by_the_name_of_its_method(install, tmp_path):
    schema = {"type": "object", "properties": {"size": {"type": "integer"}}}
    files = {"odd/__init__.py": "", "odd/method.schema.json": json.dumps(schema)}
    install("odd", "[harness.methods]\nodd = odd.method:Odd\n", files)
    assert find("methods", "odd") is not None
    file = tmp_path / "odd--one.json"
    file.write_text(json.dumps({"odd": {"size": 2}}))
    recipe = read_recipe(file).recipe
    assert declared_value(recipe, {}, "odd.size") == 2
    assert with_values(recipe, {"odd.size": 5}).plugin.options == {"size": 5}
