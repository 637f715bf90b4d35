"""`models` in a spec: the experiment of each, and everything wrong with them in one message."""

import json

import pytest

from harness.api import validate
from harness.cli import main
from harness.errors import SpecError
from harness.spec import Campaign, Overrides, load, load_any

HUB = {"source": "hub", "id": "o/a", "revision": "main"}
OTHER = {**HUB, "id": "o/b"}
NF4 = {"load_in_4bit": True}


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a spec which extends the shipped `quick`, and returns its path."""

    def written(models, **fields):
        path = tmp_path / "many.json"
        path.write_text(json.dumps({"extends": "quick", "models": models, **fields}, indent=1))
        return path

    return written


def told(path, *only):
    with pytest.raises(SpecError) as error:
        load_any(path, overrides=Overrides(only=only))
    return [(each.path, f"{each.message}. {each.remedy}") for each in error.value.problems]


def test_each_model_has_the_experiment_with_its_entry_laid_over(write):
    path = write(
        {
            "a": {"model": HUB},
            "b": {
                "$comment": "otherwise",
                "model": {**OTHER, "dtype": "bfloat16"},
                "training": {"max_steps": 3},
                "evaluation": {"batch_size": 2},
                "execute": {"threads": 2},
            },
        }
    )
    found = load_any(path)
    assert isinstance(found, Campaign)
    first, second = found.experiments.values()
    assert (first.name, second.name) == ("many-a", "many-b")
    assert (first.model.id, second.model.id, second.model.dtype) == ("o/a", "o/b", "bfloat16")
    assert (first.training["max_steps"], second.training["max_steps"]) == (4, 3)
    assert (second.evaluation.batch_size, second.evaluation.limit, second.execute.threads) == (2, 16, 2)
    assert second.suites == first.suites
    assert found.models["b"]["own"]["training"] == {"max_steps": 3}


def test_a_spec_of_one_model_is_the_same_experiment_as_one_of_several(write, tmp_path):
    alone = tmp_path / "alone.json"
    alone.write_text(json.dumps({"extends": "quick", "name": "many-a", "model": HUB}))
    among, own = load_any(write({"a": {"model": HUB}, "b": {"model": OTHER}})).experiments["a"], load(alone)
    assert {**vars_of(among), "file": None} == {**vars_of(own), "file": None}


def vars_of(record):
    return {name: getattr(record, name) for name in record.__slots__}


def test_options_reach_one_model_or_all(write):
    path = write({"a": {"model": HUB}, "b": {"model": OTHER}})
    changed = load_any(path, overrides=Overrides(set=("models.b.training.max_steps=9", "seeds=[5]")))
    assert [each.training["max_steps"] for each in changed.experiments.values()] == [4, 9]
    assert {each.seeds for each in changed.experiments.values()} == {(5,)}
    kept = load_any(path, overrides=Overrides(only=("b", "lora--gradient-half", "full--default")))
    assert (list(kept.experiments), list(kept.models)) == (["b"], ["a", "b"])
    assert load(path, overrides=Overrides(only=("b",))).model.id == "o/b"
    ((where, message),) = told(path, "c")
    assert (where, "recipe, suite or model" in message) == ("$", True)


def test_quantization_is_that_of_all_recipes(write):
    comparison = {"reference": "lora--all-layers", "candidates": ["lora--gradient-half"]}
    recipes = {"recipes": ["lora--all-layers", "lora--gradient-half"], "comparison": comparison}
    path = write({"a": {"model": HUB}, "b": {"model": HUB, "quantization": NF4}}, **recipes)
    found = load_any(path).experiments
    assert [{str(recipe.quantization) for recipe in each.recipes} for each in found.values()] == [{"None"}, {str(NF4)}]


def test_a_file_that_extends_one_of_a_model_may_name_several_and_the_reverse(write, tmp_path):
    several = write({"a": {"model": HUB}})
    one = tmp_path / "one.json"
    one.write_text(json.dumps({"extends": "./many.json", "model": OTHER}))
    assert isinstance(load_any(several), Campaign)
    assert load_any(one).model.id == "o/b"


def test_everything_wrong_with_models_is_named(write):
    said = told(
        write(
            {
                "a": {"model": HUB},
                "again": {"model": HUB},
                "A": {"model": OTHER},
                "x.y": {},
                "c": {
                    "model": {"source": "hub", "id": "o/c"},
                    "training": {"max_step": 3},
                    "evaluation": {"limit": 3},
                },
            }
        )
    )
    assert [(where, words.partition(". ")[0]) for where, words in said] == [
        ("$.models", '"x.y" is not of the form that is needed'),
        ("$.models.x.y", "`model` is missing"),
        ("$.models.c.model", "`revision` is missing"),
        ("$.models.c.training.max_step", "unknown key `max_step`"),
        ("$.models.c.evaluation.limit", "unknown key `limit`"),
        ("$.models.again", "'again' is 'a' again"),
        ("$.models.A", "'A' differs from 'a' in capitals alone, and both name folders"),
    ]


def test_what_recipes_say_themselves_is_not_said_by_a_model(write):
    entry = {"model": HUB, "training": {"learning_rate": 0.1}, "quantization": NF4}
    (field, quantized) = told(write({"a": entry}))
    assert field[0] == "$.models.a.training.learning_rate"
    assert "would do nothing for full--default, lora--gradient-half" in field[1]
    assert quantized[0] == "$.models.a.quantization"
    assert "full--default trains the model's own weights, which quantized ones cannot be." in quantized[1]


@pytest.mark.parametrize(
    ("models", "fields", "where", "words"),
    [
        ({}, {}, "$.models", "it is empty"),
        ([], {}, "$.models", "[] is of the wrong type"),
        ({"a": {"model": HUB}}, {"model": OTHER}, "$.model", "`model` does not go with `models`"),
        ({"a": {"model": HUB}}, {"arms": {"theirs": {"adapters": ["o/x"] * 2}}}, "$.arms", "have one base"),
    ],
    ids=["empty", "no object", "both", "arms without a base"],
)
def test_a_spec_that_cannot_be_of_several_models_says_so(write, models, fields, where, words):
    assert any(place == where and words in said for place, said in told(write(models, **fields)))


def test_arms_are_given_to_their_base(write):
    weights = {"theirs": {"adapters": ["o/x", "o/y"]}}
    found = load_any(write({"a": {"model": HUB, "arms": weights}, "b": {"model": OTHER}})).experiments
    assert [[arm.name for arm in each.arms] for each in found.values()] == [["theirs"], []]
    ((where, words),) = told(write({"a": {"model": HUB, "arms": {"theirs": {"adapters": ["./none", "o/y"]}}}}))
    assert (where, "there is no folder" in words) == ("$.models.a.arms.theirs.adapters[0]", True)


def test_validate_and_show_take_a_spec_of_several_models(write, capsys):
    path = write({"a": {"model": HUB}, "b": {"model": OTHER}})
    assert validate(path).ok
    assert main(["show", str(path), "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)["content"]["models"]) == ["a", "b"]
    with pytest.raises(SpecError, match=r"there are 2 models.*--only NAME"):
        load(path)
