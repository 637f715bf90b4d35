"""What a file inherits: objects merge key by key, kinds replace whole, what a file says of itself stays behind."""

import pytest

from harness.spec import load
from harness.spec.recipe import read_recipe


def test_objects_merge_and_everything_else_is_replaced(spec, write):
    spec["training"] = {"max_steps": 2, "learning_rate": 0.1}
    write(spec, "base.json")
    child = load(write({"extends": "./base.json", "training": {"max_steps": 9}, "seeds": [7]}, "child.json"))
    assert child.training == {"max_steps": 9, "learning_rate": 0.1}
    assert child.seeds == (7,)


def test_an_object_that_names_its_kind_inherits_nothing(spec, write):
    write(spec, "base.json")
    model = {"source": "hub", "id": "someone/model", "revision": "main"}
    child = load(write({"extends": "./base.json", "model": model}, "child.json"))
    assert (child.model.config, child.model.tokenizer, child.model.seed) == (None, None, None)


def test_a_part_of_a_kind_is_changed_without_naming_it(spec, write):
    write(spec, "base.json")
    child = load(write({"extends": "./base.json", "model": {"seed": 5}}, "child.json"))
    assert (child.model.source, child.model.seed) == ("random", 5)


def test_name_and_description_are_not_inherited(spec, write):
    write({**spec, "description": "the first"}, "base.json")
    child = load(write({"extends": "./base.json"}, "child.json"))
    assert (child.name, child.description) == ("child", "")


def test_a_chain_is_followed_to_its_end(spec, write):
    write(spec, "one.json")
    write({"extends": "./one.json", "seeds": [3]}, "two.json")
    write({"extends": "./two.json", "keep_weights": True}, "three.json")
    last = load("./three.json")
    assert (last.seeds, last.keep_weights, last.training) == ((3,), True, {"max_steps": 2})


def test_null_takes_a_value_back(spec, write):
    spec["evaluation"] = {"limit": 5, "batch_size": 2}
    write(spec, "base.json")
    child = load(write({"extends": "./base.json", "evaluation": {"limit": None}}, "child.json"))
    assert (child.evaluation.limit, child.evaluation.batch_size) == (None, 2)


def test_a_mistake_is_told_in_the_file_of_the_chain_that_made_it(spec, write):
    spec["training"]["max_step"] = 3
    write(spec, "base.json")
    with pytest.raises(Exception, match=r"^base\.json:\d+: \$\.training\.max_step"):
        load(write({"extends": "./base.json", "seeds": [1]}, "child.json"))


def test_paths_count_from_the_file_that_says_them(spec, write, folder):
    (folder / "far" / "words").mkdir(parents=True)
    spec["model"]["tokenizer"] = "words"
    write(spec, "far/base.json")
    assert load(write({"extends": "./far/base.json"}, "child.json")).model.tokenizer == str(folder / "far" / "words")


def test_a_recipe_extends_a_shipped_one_by_name(write):
    mine = write({"extends": "lora--last-half", "peft": {"r": 3}}, "lora--mine.json")
    recipe, shipped = (
        read_recipe(mine).recipe,
        read_recipe(write({"extends": "lora--last-half"}, "lora--s.json")).recipe,
    )
    assert recipe.peft == {**shipped.peft, "r": 3}
    assert recipe.layers == shipped.layers
    assert recipe.layers.strategy == "last"


def test_recipes_and_tasks_beside_a_spec_are_found_without_naming_their_folder(spec, write):
    write({"extends": "full--default", "description": "mine"}, "adapters/full--mine.json")
    write("task: mine\nmetric_list:\n  - metric: acc\n", "tasks/mine.yaml")
    spec["recipes"].append("full--mine")
    spec["suites"][1]["task"] = "mine"
    loaded = load(write(spec))
    assert [recipe.id for recipe in loaded.recipes] == ["full--default", "lora--last-half", "full--mine"]
    assert loaded.recipes[-1].description == "mine"
    assert loaded.suites[1].task == "mine"


def test_a_recipe_beside_a_spec_hides_the_shipped_one_of_its_name(spec, write):
    write({"description": "mine"}, "adapters/full--default.json")
    assert load(write(spec)).recipes[0].description == "mine"


def test_an_include_path_is_searched(spec, write, folder):
    write({"description": "from elsewhere"}, "elsewhere/full--other.json")
    spec["recipes"].append("full--other")
    assert load(write(spec), include=[folder / "elsewhere"]).recipes[-1].description == "from elsewhere"


def test_a_spec_can_name_the_folders_to_search(spec, write):
    write({"description": "from elsewhere"}, "elsewhere/full--other.json")
    spec["recipes"].append("full--other")
    spec["include"] = ["elsewhere"]
    assert load(write(spec)).recipes[-1].description == "from elsewhere"
