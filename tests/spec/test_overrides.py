"""What the command line changes: checked like the file, placed at the option, noted in the experiment."""

import pytest

from harness.spec import Overrides, load


def test_a_value_is_set_and_the_rest_stays(spec, write):
    spec["training"]["learning_rate"] = 0.1
    loaded = load(write(spec), overrides=Overrides(set=("training.max_steps=7",)))
    assert loaded.training == {"max_steps": 7, "learning_rate": 0.1}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("description=plain words", "plain words"),
        ('description="quoted"', "quoted"),
        ("description=a=b", "a=b"),
    ],
)
def test_a_value_that_is_no_json_is_a_string(spec, write, text, read):
    assert load(write(spec), overrides=Overrides(set=(text,))).description == read


def test_an_item_of_a_list_is_set_by_its_position(spec, write):
    assert load(write(spec), overrides=Overrides(set=("suites[1].limit=4",))).suites[1].limit == 4


def test_objects_on_the_way_are_made(spec, write):
    assert load(write(spec), overrides=Overrides(set=("evaluation.batch_size=3",))).evaluation.batch_size == 3


def test_a_later_option_wins(spec, write):
    changes = Overrides(set=("keep_weights=true", "keep_weights=false"))
    assert load(write(spec), overrides=changes).keep_weights is False


def test_limit_bounds_every_suite_whatever_it_says(spec, write):
    spec["suites"][0]["limit"] = 500
    loaded = load(write(spec), overrides=Overrides(limit=3))
    assert loaded.evaluation.limit == 3
    assert [suite.limit for suite in loaded.suites] == [3, None]


def test_what_was_overridden_stands_in_the_experiment_as_typed(spec, write):
    changes = Overrides(set=("keep_weights=true",), seeds=(5, 6), limit=2, only=("k8s_qa",))
    loaded = load(write(spec), overrides=changes)
    assert loaded.overrides == ("--set keep_weights=true", "--seeds 5,6", "--limit 2", "--only k8s_qa")
    assert loaded.seeds == (5, 6)


def test_only_keeps_the_named_of_a_kind_and_all_of_the_other(spec, write):
    spec["recipes"].append("lora--first-half")
    spec["comparison"]["candidates"].append("lora--first-half")
    loaded = load(write(spec), overrides=Overrides(only=("full--default", "lora--first-half")))
    assert [recipe.id for recipe in loaded.recipes] == ["full--default", "lora--first-half"]
    assert loaded.comparison.candidates == ("lora--first-half",)
    assert len(loaded.suites) == 2


@pytest.mark.parametrize(
    ("changes", "path", "message", "remedy"),
    [
        (Overrides(set=("training.max_step=3",)), "$.training.max_step", "unknown key", "`max_steps`"),
        (Overrides(set=("seeds=x",)), "$.seeds", "wrong type", "a list"),
        (Overrides(set=("keep_weights",)), "$", "not path=value", "max_steps=100"),
        (Overrides(set=("suites[7].limit=1",)), "$.suites[7].limit", "list of 2", ""),
        (Overrides(set=("extends=quick",)), "$.extends", "belongs to a file", "extends another"),
        (Overrides(set=("comparison.sesoi=NaN",)), "$.comparison.sesoi", "", ""),
        (Overrides(seeds=(-1,)), "$.seeds[0]", "out of range", "at least 0"),
        (Overrides(seeds=(1, 1)), "$.seeds[1]", "listed twice", "Keep one"),
        (Overrides(limit=0), "$.evaluation.limit", "out of range", "at least 1"),
        (Overrides(only=("lora--lasthalf",)), "$", "not a recipe or suite", "`lora--last-half`"),
        (Overrides(only=("lora--last-half",)), "$.recipes", "leaves out the reference", "full--default"),
        (Overrides(only=("full--default",)), "$.comparison.candidates", "no recipe to compare", "lora--last-half"),
        (Overrides(only=("medical_cot",)), "$.suites", "every in-domain suite", "k8s_qa"),
    ],
)
def test_a_bad_option_is_told_by_its_name(spec, write, changes, path, message, remedy):
    with pytest.raises(Exception, match="--") as caught:
        load(write(spec), overrides=changes)
    (problem,) = caught.value.problems
    assert problem.file == changes.words()[0]
    assert problem.path == path
    assert problem.line is None
    assert message in problem.message
    assert remedy in problem.remedy


def test_bad_options_and_a_bad_file_are_told_at_once(spec, write):
    spec["keep_weight"] = True
    with pytest.raises(Exception, match="keep_weight") as caught:
        load(write(spec), overrides=Overrides(set=("seed=1",), limit=0))
    assert [problem.path for problem in caught.value.problems] == ["$.evaluation.limit", "$.seed", "$.keep_weight"]
