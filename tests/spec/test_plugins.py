"""Third parties' methods, strategies, sources and diagnostics in a spec: named, held to their schemas, noted."""

import json

import pytest
from jsonschema import Draft202012Validator

from harness.cli import main
from harness.errors import PluginError
from harness.methods.traits import traits
from harness.spec import load, load_recipe, lock, unlock
from harness.spec.recipe import read_recipe
from harness.spec.records import Data, DiagnosticRequest, Execution, PluginBlock, Recipe

OPTIONS = {
    "type": "object",
    "description": "How far to go.",
    "properties": {"rank": {"$ref": "#/$defs/size"}, "mode": {"enum": ["slow", "fast"]}},
    "required": ["rank"],
    "additionalProperties": False,
    "$defs": {"size": {"type": "integer", "minimum": 1}},
}
POINTS = """
[harness.methods]
reft = foreign.code:Reft
[harness.layer_strategies]
spread = foreign.code:spread
[harness.data_sources]
table = foreign.code:table
[harness.diagnostics]
curvature = foreign.code:Curvature
[harness.executors]
queue = foreign.code:Queue
"""
NAMES = ("reft", "spread", "table", "curvature", "queue")


@pytest.fixture
def foreign(install):
    """A distribution with one plug-in of each kind that a declaration can name; importing it would fail."""
    schemas = {f"foreign/{name}.schema.json": json.dumps(OPTIONS) for name in NAMES}
    install("foreign-gap", POINTS, {"foreign/__init__.py": "raise RuntimeError", **schemas}, version="1.2")


def test_a_method_is_a_key_of_a_recipe(foreign, write):
    file = write({"reft": {"rank": 4}, "layers": {"strategy": "last", "count": 1}}, "adapters/reft--tried.json")
    recipe = read_recipe(file).recipe
    assert recipe.plugin == PluginBlock(name="reft", options={"rank": 4}, distribution="foreign-gap", version="1.2")
    assert not traits(recipe).trains_base_weights


def test_an_inherited_method_is_taken_back_by_null(foreign, write):
    write({"reft": {"rank": 4}}, "adapters/reft--tried.json")
    file = write({"extends": "reft--tried", "reft": None}, "adapters/full--tried.json")
    assert read_recipe(file).recipe == Recipe(method="full", name="tried")


def test_what_a_spec_names_is_noted_with_its_distribution(foreign, spec, write):
    write({"layers": {"strategy": "spread", "count": 1, "options": {"rank": 2}}}, "adapters/full--spread.json")
    spec["recipes"].append("full--spread")
    spec["data"] = {"source": "table", "options": {"rank": 1}}
    spec["diagnostics"] = [{"name": "curvature", "options": {"rank": 3}}]
    spec["execute"] = {"kind": "queue", "threads": 2, "options": {"rank": 4}}
    experiment = load(write(spec))
    assert experiment.data == Data(source="table", options={"rank": 1}, plugin="foreign-gap==1.2")
    assert experiment.recipes[-1].layers.plugin == "foreign-gap==1.2"
    assert experiment.diagnostics == (
        DiagnosticRequest(name="curvature", options={"rank": 3}, plugin="foreign-gap==1.2"),
    )
    assert experiment.execute == Execution(kind="queue", threads=2, options={"rank": 4}, plugin="foreign-gap==1.2")
    assert unlock(json.loads(json.dumps(lock(experiment)))) == experiment


def test_a_stage_names_a_source_of_a_plugin(foreign, write):
    stages = [{"recipe": "full--default", "data": {"source": "table", "options": {"rank": 1}}}]
    write({"stages": stages}, "adapters/staged--tried.json")
    (stage,) = load_recipe("staged--tried", beside=write({}).parent).stages
    assert stage.data.plugin == "foreign-gap==1.2"


def test_a_diagnostic_without_needed_options_goes_by_its_name(install, spec, write):
    install("tinynamed", "[harness.diagnostics]\ndrift = tinynamed:drift\n", {"tinynamed.py": ""})
    spec["diagnostics"] = ["drift"]
    assert load(write(spec)).diagnostics == (DiagnosticRequest(name="drift", plugin="tinynamed==1.0"),)


MISTAKES = {
    "a key that is nothing": ({"xyzzy": {}}, "$.xyzzy", "unknown key `xyzzy`", "Installed plug-ins: reft."),
    "a misspelt method": ({"rfet": {"rank": 4}}, "$.rfet", "unknown key `rfet`", "`reft`"),
    "a misspelt option": (
        {"reft": {"rank": 4, "mood": "slow"}},
        "$.reft.mood",
        "unknown key `mood`",
        "`mode`",
    ),
    "an option that is missing": ({"reft": {}}, "$.reft", "`rank` is missing", ""),
    "an option of the wrong type": ({"reft": {"rank": 1.5}}, "$.reft.rank", "1.5 is of the wrong type", "whole number"),
    "an option out of range": ({"reft": {"rank": 0}}, "$.reft.rank", "0 is out of range", "at least 1"),
    "options that are none": ({"reft": 4}, "$.reft", "4 is of the wrong type", "an object in { }"),
    "two methods": ({"reft": {"rank": 1}, "peft": {"peft_type": "LORA"}}, "$.peft", "does not go with `reft`", "Keep"),
    "a misspelt strategy": ({"layers": {"strategy": "spraed", "count": 1}}, "$.layers.strategy", "spraed", "`spread`"),
    "a strategy's options left out": (
        {"layers": {"strategy": "spread", "count": 1}},
        "$.layers",
        "`options` is missing",
        "",
    ),
    "a strategy's wrong option": (
        {"layers": {"strategy": "spread", "count": 1, "options": {"rank": 1, "mode": "fats"}}},
        "$.layers.options.mode",
        '"fats" is not allowed',
        "`fast`",
    ),
}


@pytest.mark.parametrize(("recipe", "path", "words", "remedy"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_a_recipe_is_named_with_its_place(foreign, write, problems, recipe, path, words, remedy):
    ((at, line, message, said),) = problems(read_recipe, write(recipe, "adapters/reft--tried.json"))
    assert at == path
    assert line is not None
    assert words in message
    assert remedy in said


@pytest.mark.parametrize(
    ("block", "value", "path", "words", "remedy"),
    [
        ("data", {"source": "tabel"}, "$.data.source", '"tabel" is not a data source', "`table`"),
        ("data", {"source": "table", "options": {"rank": 0}}, "$.data.options.rank", "0 is out of range", "at least"),
        ("data", {"source": "table", "rank": 1}, "$.data.rank", "unknown key `rank`", "options"),
        ("mix", [{"source": "table", "options": {"rank": 1}}], "$.mix[0]", "`share` is missing", ""),
        ("diagnostics", ["curvaturr"], "$.diagnostics[0].name", '"curvaturr" is not a diagnostic', "`curvature`"),
        ("diagnostics", ["curvature"], "$.diagnostics[0]", "`options` is missing", ""),
        ("diagnostics", [{"name": "curvature", "options": {"rank": 0}}], "$.diagnostics[0].options.rank", "range", ""),
        ("execute", {"kind": "quoue"}, "$.execute.kind", '"quoue" is not an executor', "`queue`"),
        ("execute", {"kind": "queue"}, "$.execute", "`options` is missing", ""),
        ("execute", {"kind": "queue", "options": {"rank": 0}}, "$.execute.options.rank", "0 is out of range", ""),
        ("execute", {"options": {"rank": 1}}, "$.execute.options.rank", "unknown key `rank`", "None is known"),
    ],
)
def test_a_mistake_in_a_spec_is_named_with_its_place(foreign, spec, write, problems, block, value, path, words, remedy):
    spec[block] = value
    found = {at: (line, message, said) for at, line, message, said in problems(load, write(spec))}
    line, message, said = found[path]
    assert line is not None
    assert words in message
    assert remedy in said


def test_nothing_is_known_of_a_plugin_that_is_not_installed(spec, write, problems):
    ((path, _, message, _),) = problems(read_recipe, write({"reft": {"rank": 4}}, "adapters/reft--tried.json"))
    assert (path, message) == ("$.reft", "unknown key `reft`")
    spec["diagnostics"] = ["curvature"]
    ((path, _, message, _),) = problems(load, write(spec))
    assert (path, message) == ("$.diagnostics[0].name", '"curvature" is not a diagnostic')


def test_a_method_that_cannot_be_built_upon_is_the_last_stage(install, write, problems):
    facts = json.dumps({"x-harness": {"merges": False}})
    install("tinylast", "[harness.methods]\nlast = tinylast:Last\n", {"last.schema.json": facts, "tinylast.py": ""})
    write({"last": {}}, "adapters/last--one.json")
    stages = [{"recipe": "last--one", "then": "merge"}, {"recipe": "full--default"}]
    ((path, _, message, _),) = problems(read_recipe, write({"stages": stages}, "adapters/staged--tried.json"))
    assert path == "$.stages[0].recipe"
    assert "last--one is a last adapter, which can be neither merged nor kept" in message


def test_a_recipe_with_stages_has_no_method_of_its_own(foreign, write, problems):
    recipe = {"reft": {"rank": 1}, "stages": [{"recipe": "full--default"}]}
    ((path, _, message, _),) = problems(read_recipe, write(recipe, "adapters/staged--tried.json"))
    assert (path, message) == ("$.reft", "`reft` does not go with `stages`")


@pytest.mark.parametrize(
    ("name", "schema", "words"),
    [
        ("layers", {}, "has a name that harness itself uses"),
        ("odd", {"type": "objct"}, "not described by a JSON Schem"),
    ],
)
def test_a_plugin_that_cannot_be_used_is_named(install, write, name, schema, words):
    point = f"[harness.methods]\n{name} = tinyodd:x\n"
    install("tinyodd", point, {f"{name}.schema.json": json.dumps(schema), "tinyodd.py": ""})
    with pytest.raises(PluginError, match=rf"`{name}` of tinyodd .*{words}"):
        read_recipe(write({"od": {}}, "adapters/odd--tried.json"))


def test_the_printed_schema_knows_what_is_installed(foreign, capsys):
    assert main(["schema", "recipe"]) == 0
    validator = Draft202012Validator(json.loads(capsys.readouterr().out))
    assert validator.is_valid({"reft": {"rank": 4}})
    assert not validator.is_valid({"reft": {"rank": 0}})
