"""``harness adapters`` lists what a spec can name, with what each adapts."""

import json

import pytest

from harness.cli import main
from harness.declarations.places import json_files


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def listed(capsys, *words):
    assert main(["adapters", "--json", *words]) == 0
    return {row["recipe"]: row for row in json.loads(capsys.readouterr().out)}


def test_every_shipped_recipe_is_listed_with_a_description(capsys):
    rows = listed(capsys)
    assert rows.keys() == {path.stem for path in json_files("adapters")}
    assert all(row["description"] for row in rows.values())


@pytest.mark.parametrize(
    ("recipe", "method", "layers"),
    [
        ("full--default", "full fine-tuning", "all"),
        ("lora--last-half", "LORA", "last 0.5"),
        ("qlora--nf4", "LORA on quantized weights", "all"),
        ("bottleneck--houlsby", "bottleneck (houlsby)", "all"),
        ("staged--medical-merged", "LORA, merged → LORA", "all"),
        ("staged--medical-kept", "LORA, kept → LORA", "all"),
    ],
)
def test_a_recipe_says_its_method_and_layers(capsys, recipe, method, layers):
    row = listed(capsys)[recipe]
    assert (row["method"], row["layers"]) == (method, layers)


def test_recipes_beside_and_in_an_include_path_are_listed(here, capsys):
    (here / "adapters").mkdir()
    (here / "adapters" / "full--mine.json").write_text('{"description": "mine"}')
    (here / "far").mkdir()
    (here / "far" / "full--far.json").write_text('{"layers": {"strategy": "list", "indices": [0, 2]}}')
    rows = listed(capsys, "--include-path", "far")
    assert rows["full--mine"]["description"] == "mine"
    assert "0, 2" in rows["full--far"]["layers"]


def test_a_broken_recipe_is_told_with_its_file(here, capsys):
    (here / "full--mine.json").write_text('{"layer": {}}')
    assert main(["adapters"]) == 64
    assert "full--mine.json:1: $.layer" in capsys.readouterr().err


def test_the_table_holds_a_line_for_each(capsys):
    assert main(["adapters"]) == 0
    out = capsys.readouterr().out
    assert all(f"{path.stem} " in out for path in json_files("adapters"))
