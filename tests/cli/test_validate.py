"""``harness validate``: a line for what is good, every problem for what is not, exit 64."""

import json

import pytest

from harness.cli import main


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_names_of_experiments_and_recipes_are_told_apart(capsys):
    assert main(["validate", "gap", "lora--last-half"]) == 0
    assert capsys.readouterr().out.splitlines() == ["gap: ok (experiment)", "lora--last-half: ok (recipe)"]


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("mine.json", {"extends": "gap"}, "experiment"),
        ("full--mine.json", {"description": "mine"}, "recipe"),
        ("gap--mine.json", {"$schema": "schema/experiment.schema.json", "extends": "gap"}, "experiment"),
        ("my--gap.json", {"extends": "gap"}, "experiment"),
        ("my--gap.json", {"extends": "gap", "seeds": [1, 2]}, "experiment"),
        ("lora--gap.json", {"extends": "lora--qv", "training": {"learning_rate": 0.1}}, "recipe"),
    ],
)
def test_a_file_is_what_its_schema_name_or_keys_say(here, capsys, name, value, kind):
    (here / name).write_text(json.dumps(value))
    assert main(["validate", name]) == 0
    assert capsys.readouterr().out == f"{name}: ok ({kind})\n"


def test_a_misnamed_recipe_is_still_read_as_one(here, capsys):
    (here / "mine.json").write_text('{"layers": {"strategy": "last", "fraction": 0.5}}')
    assert main(["validate", "mine.json"]) == 64
    assert "<method>--<name>.json" in capsys.readouterr().out


def test_problems_of_all_files_are_printed_and_good_ones_stay_good(here, capsys):
    (here / "bad.json").write_text('{\n "extends": "gap",\n "sead": 1,\n "keep_weights": "yes"\n}')
    assert main(["validate", "bad.json", "gapp", "quick"]) == 64
    out = capsys.readouterr().out
    assert "bad.json:3: $.sead: unknown key `sead`. Did you mean `seeds`?" in out
    assert 'bad.json:4: $.keep_weights: "yes" is of the wrong type. It must be true or false.' in out
    assert "gapp: $: 'gapp' is not among the specs. Did you mean `gap`?" in out
    assert "quick: ok (experiment)" in out


def test_json_output_holds_kind_and_problems_of_each(here, capsys):
    (here / "bad.json").write_text('{"extends": "gap",\n "sead": 1}')
    assert main(["validate", "bad.json", "full--default", "--json"]) == 64
    bad, good = json.loads(capsys.readouterr().out)
    assert good == {"ok": True, "file": "full--default", "kind": "recipe", "problems": [], "notes": []}
    assert (bad["ok"], bad["file"], bad["kind"]) == (False, "bad.json", "experiment")
    (problem,) = bad["problems"]
    assert (problem["file"], problem["line"], problem["path"]) == ("bad.json", 2, "$.sead")


def test_overrides_are_checked(capsys):
    assert main(["validate", "gap", "--set", "training.max_step=5", "--limit", "0"]) == 64
    out = capsys.readouterr().out
    assert "--set training.max_step=5: $.training.max_step" in out
    assert "--limit 0: $.evaluation.limit" in out


def test_overrides_need_an_experiment(capsys):
    assert main(["validate", "full--default", "--seeds", "1"]) == 64
    assert "--seeds 1 overrides a spec" in capsys.readouterr().err


def test_seeds_that_are_no_numbers_are_a_usage_error(capsys):
    assert main(["validate", "gap", "--seeds", "1,x"]) == 64
    assert "'1,x' is not whole numbers" in capsys.readouterr().err
