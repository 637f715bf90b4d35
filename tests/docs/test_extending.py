"""The files that docs/extending.md shows are those of the package in tests/foreign, and what it declares is valid."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from harness.methods.traits import Traits
from harness.spec import load, load_recipe
from helpers import foreign

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
SHOWN = dict(re.findall(r"^`([\w./-]+)`:\n\n```\w+\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
BLOCKS = [json.loads(text) for text in re.findall(r"^```json\n(\{\".*?)^```", PAGE, re.MULTILINE | re.DOTALL)]
RECIPE = "adapters/my--gains.json"


@pytest.fixture(scope="module", autouse=True)
def installed(tmp_path_factory):
    with foreign.installed(foreign.install(tmp_path_factory.mktemp("site"))):
        yield


def test_the_package_is_shown_file_for_file():
    written = [path for path in foreign.PACKAGE.rglob("*.*") if path.suffix in (".py", ".json", ".toml")]
    files = {str(path.relative_to(foreign.PACKAGE)): path for path in written if path.name != "__init__.py"}
    files["test_contracts.py"] = foreign.PACKAGE.parent / "test_contracts.py"
    assert SHOWN.keys() - {RECIPE} == files.keys()
    assert [name for name, path in files.items() if SHOWN[name] != path.read_text(encoding="utf-8")] == []


def test_the_recipe_is_valid(tmp_path):
    file = tmp_path / "my--gains.json"
    file.write_text(SHOWN[RECIPE])
    assert load_recipe(str(file), beside=tmp_path).plugin.name == "gains"


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: next(iter(block)))
def test_what_is_declared_is_valid(block, tiny_spec):
    file = tiny_spec.parent / "adapters" / "lora--tiny.json" if "layers" in block else tiny_spec
    file.write_text(json.dumps(json.loads(file.read_text()) | block))
    experiment = load(tiny_spec)
    named = (experiment.data, experiment.recipes[1].layers, experiment.execute, *experiment.diagnostics)
    assert [each.plugin for each in named if each.plugin] == ["harness-tiny-plugins==1.0"]


def test_the_blocks_declare_every_kind_that_a_spec_or_recipe_names():
    assert [next(iter(block)) for block in BLOCKS] == ["layers", "data", "execute", "diagnostics"]


def test_the_facts_of_a_method_are_its_traits():
    section = PAGE.partition("| fact |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == [field.name for field in fields(Traits)]
