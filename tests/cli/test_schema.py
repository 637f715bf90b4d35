"""``harness schema`` prints a schema that an editor can use by itself."""

import json

import pytest
from jsonschema import Draft202012Validator

from harness.cli import main
from harness.declarations.places import shipped
from harness.spec.schema import names


@pytest.mark.parametrize("name", names())
def test_a_schema_is_printed(capsys, name):
    assert main(["schema", name]) == 0
    Draft202012Validator.check_schema(json.loads(capsys.readouterr().out))


def test_the_experiments_schema_is_printed_unless_said_and_judges_foreign_blocks(capsys):
    assert main(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["title"] == "experiment"
    gap = json.loads((shipped("specs") / "gap.json").read_text())
    validator = Draft202012Validator(schema)
    assert validator.is_valid(gap)
    assert not validator.is_valid({**gap, "training": {"max_step": 1}})


def test_an_unknown_schema_is_a_usage_error(capsys):
    assert main(["schema", "spec"]) == 64
    assert "experiment" in capsys.readouterr().err
