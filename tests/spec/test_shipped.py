"""Every shipped declaration is good, and schema, records and lock agree about it."""

import dataclasses
import json
import typing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from harness.declarations.places import json_files, shipped
from harness.spec import Overrides, load, load_any, lock, unlock
from harness.spec import records as of
from harness.spec.existing import Weights
from harness.spec.files import declared_kind
from harness.spec.recipe import read_recipe
from harness.spec.schema import bundled, names
from helpers import installed_fields
from helpers.shipped import NEEDS, overrides

CAMPAIGNS = [path.stem for path in json_files("specs") if "models" in json.loads(path.read_text(encoding="utf-8"))]
SPECS = [path.stem for path in json_files("specs") if path.stem not in CAMPAIGNS]
RECIPES = [path.stem for path in json_files("adapters")]
FROM_READING = {"file", "overrides", "plugin"}
FROM_THE_FILE_NAME = {"method", "name"}
NOT_KEPT = {"$schema", "$comment", "extends", "models"}


@pytest.mark.parametrize("name", SPECS)
def test_shipped_experiment_loads(name):
    assert declared_kind(name)[0] == "specs"
    assert load(name, overrides=overrides(name)).name == name


@pytest.mark.parametrize("name", NEEDS)
def test_a_shipped_experiment_without_its_folder_says_what_is_missing(name, problems):
    ((path, _, message, remedy),) = problems(load, name)
    assert path.startswith(f"$.{NEEDS[name][0]}")
    assert "there is no folder" in message
    assert "those of --set from the current directory" in remedy


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_shipped_experiment_of_several_models_loads(name):
    found = load_any(name)
    assert declared_kind(name)[0] == "specs"
    assert (found.name, len(found.experiments)) == (name, len(found.models))
    for each in found.experiments.values():
        assert unlock(json.loads(json.dumps(lock(each)))) == each
        assert each.model.config  # its shape is known before anything is fetched


def test_the_campaign_is_of_the_papers_models_with_its_rate_and_pinned_data():
    found = load_any("aletheia-campaign").experiments
    layers = {
        name: each.model.config.get("num_hidden_layers") or each.model.config["n_layer"] for name, each in found.items()
    }
    # arXiv 2604.15351, table 1.
    assert [*layers.values()] == [24, 22, 28, 24, 36, 32, 28, 28, 32, 32, 48, 32, 80, 80]
    assert {(each.seeds, each.training["max_steps"]) for each in found.values()} == {((42, 123, 999), 200)}
    rates = {each.training_of(recipe)["learning_rate"] for each in found.values() for recipe in each.recipes}
    assert rates == {5e-4}
    assert {each.data.task for each in found.values()} == {"alpaca"}  # whose commit another test holds


def test_base_and_instruct_differ_in_the_model_alone():
    base, instruct = load_any("base-instruct-llama-3.2-3b").experiments.values()
    changed = {
        field.name for field in dataclasses.fields(base) if getattr(base, field.name) != getattr(instruct, field.name)
    }
    assert changed == {"name", "model"}
    assert dataclasses.replace(instruct.model, id=base.model.id) == base.model


@pytest.mark.parametrize("name", RECIPES)
def test_shipped_recipe_loads_and_says_what_it_is(name):
    kind, path = declared_kind(name)
    recipe = read_recipe(path).recipe
    assert kind == "adapters"
    assert recipe.id == name
    assert recipe.description


@pytest.mark.parametrize("path", [*json_files("specs"), *json_files("adapters")], ids=lambda path: path.stem)
def test_shipped_file_names_its_schema_for_editors(path):
    kind = "experiment" if path.parent.name == "specs" else "recipe"
    named = path.parent / json.loads(path.read_text())["$schema"]
    assert named.resolve() == shipped("specs") / "schema" / f"{kind}.schema.json"


def test_the_large_experiment_asks_the_same_of_the_same_data_and_suites():
    small, large = load("gap"), load("gap-llama-3.2-3b")
    assert (large.data, large.controls) == (small.data, small.controls)
    for role in ("in_domain", "out_of_domain"):
        asked = [[(suite.task, suite.metric) for suite in each.suites_of(role)] for each in (small, large)]
        assert asked[0] == asked[1]
    assert large.comparison.sesoi == small.comparison.sesoi
    assert {recipe.id for recipe in large.recipes} > {"full--3b", "lora--gradient-half-3b"}


def test_the_model_that_needs_no_permission_is_all_that_its_experiment_changes():
    gated, free = load("gap-llama-3.2-3b"), load("gap-smollm3-3b")
    changed = {
        field.name for field in dataclasses.fields(gated) if getattr(gated, field.name) != getattr(free, field.name)
    }
    assert changed <= {"name", "description", "file", "model"}


@given(
    name=st.sampled_from(SPECS),
    # Below lie the seeds that shipped searches have to themselves.
    seeds=st.lists(st.integers(1_000, 2**32 - 1), min_size=1, max_size=4, unique=True),
    limit=st.none() | st.integers(1, 10_000),
    alpha=st.floats(0.001, 0.5),
    keep=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_a_lock_gives_back_the_experiment(name, seeds, limit, alpha, keep):
    changes = (f"comparison.alpha={alpha!r}", f"keep_weights={json.dumps(keep)}")
    needed = overrides(name).set
    if needed:
        seeds = seeds[:1]  # an arm has one adapter a seed
    experiment = load(name, overrides=Overrides(set=(*needed, *changes), seeds=tuple(seeds), limit=limit))
    written = json.dumps(lock(experiment))
    assert unlock(json.loads(written)) == experiment
    assert (experiment.seeds, experiment.comparison.alpha, experiment.keep_weights) == (tuple(seeds), alpha, keep)


def test_a_lock_of_another_version_is_refused(problems):
    value = lock(load("gap"))
    ((_, _, message, remedy),) = problems(unlock, {**value, "from_tomorrow": 1})
    assert "from_tomorrow" in message
    assert "--out" in remedy


PAIRS = {
    "experiment": (of.Experiment, None),
    "suite": (of.Suite, "suite"),
    "control": (of.Control, "control"),
    "evaluation": (of.EvaluationOptions, "evaluation"),
    "comparison": (of.Comparison, "comparison"),
    "validation": (of.Validation, "validation"),
    "early_stopping": (of.EarlyStopping, "early_stopping"),
    "tune": (of.Tune, "tune"),
    "search": (of.Search, "search"),
    "recipe_search": (of.RecipeSearch, "recipe_search"),
    "scan": (of.Scan, "scan"),
    "factorial": (of.Factorial, "factorial"),
    "weights": (Weights, "weights"),
    "merge": (of.Merge, "merge"),
    "diagnostic": (of.DiagnosticRequest, "diagnostic"),
    "recipe": (of.Recipe, None),
    "layers": (of.Layers, "layers"),
    "match": (of.Match, "match"),
    "compute": (of.Compute, "compute"),
    "start": (of.Start, "start"),
    "bottleneck": (of.Bottleneck, "bottleneck"),
    "stage": (of.Stage, "stage"),
    "data": (of.RecipeData, "data"),
}
RECIPE_PARTS = ("recipe", "layers", "match", "compute", "start", "bottleneck", "stage", "data")


def part(name):
    schema = bundled("recipe" if name in RECIPE_PARTS else "experiment")
    record, definition = PAIRS[name]
    return record, schema if definition is None else schema["$defs"][definition]


@pytest.mark.parametrize("name", PAIRS)
def test_schema_and_record_have_the_same_fields(name):
    record, schema = part(name)
    fields = {field.name for field in dataclasses.fields(record)}
    fields -= FROM_READING
    fields -= FROM_THE_FILE_NAME if name == "recipe" else set()
    assert set(schema["properties"]) - NOT_KEPT == fields


@pytest.mark.parametrize("name", PAIRS)
def test_schema_requires_what_the_record_has_no_default_for(name):
    record, schema = part(name)
    without = {
        field.name
        for field in dataclasses.fields(record)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    from_elsewhere = FROM_READING | FROM_THE_FILE_NAME | {"model"}  # or `models`: an experiment each
    assert without - from_elsewhere == set(schema.get("required", ())) - from_elsewhere


@pytest.mark.parametrize("name", PAIRS)
def test_schema_and_record_have_the_same_defaults(name):
    record, schema = part(name)
    said = {key: value["default"] for key, value in schema["properties"].items() if "default" in value}
    required = dict.fromkeys({*schema.get("required", ()), *({"model"} & fields_of(record))})
    about = dict.fromkeys((FROM_READING | FROM_THE_FILE_NAME) & fields_of(record), "said elsewhere")
    built = record(**about | required)
    assert {key: plain(getattr(built, key)) for key in said} == said


MODEL_SOURCES = typing.get_args(typing.get_type_hints(of.Model)["source"])


@pytest.mark.parametrize(
    ("record", "prefix", "own"), [(of.Model, "model_", MODEL_SOURCES), (of.Data, "data_", of.DATA_SOURCES)]
)
def test_the_kinds_of_a_source_share_one_record(record, prefix, own):
    definitions = bundled("experiment")["$defs"]
    kinds = [value["properties"] for key, value in definitions.items() if key.startswith(prefix)]
    assert set().union(*kinds) - NOT_KEPT == fields_of(record) - FROM_READING
    assert sorted(kind["source"]["const"] for kind in kinds if "const" in kind["source"]) == sorted(own)
    assert definitions[prefix.rstrip("_")]["properties"]["source"]["enum"] == list(own)


def test_the_schema_names_the_layer_strategies():
    assert bundled("recipe")["$defs"]["layers"]["properties"]["strategy"]["enum"] == list(of.STRATEGIES)


def fields_of(record):
    return {field.name for field in dataclasses.fields(record)}


def plain(value):
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("name", names())
def test_a_printed_schema_stands_alone_and_is_one(name):
    schema = bundled(name)
    Draft202012Validator.check_schema(schema)
    list(Draft202012Validator(schema).iter_errors({}))


@pytest.mark.run
@pytest.mark.parametrize("file", installed_fields.WRITERS)
def test_foreign_fields_are_those_of_the_installed_libraries(file):
    derived = installed_fields.text(installed_fields.WRITERS[file]())
    assert (installed_fields.SCHEMAS / file).read_text(encoding="utf-8") == derived, (
        "run tests/spec/installed_fields.py"
    )
