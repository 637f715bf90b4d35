"""The runs that are published with the documents say of themselves what the documents say."""

import json
import tarfile
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from harness.cli import main

ROOT = Path(__file__).parents[2]
BUNDLES = sorted((ROOT / "docs" / "runs").rglob("*.bundle.tar.xz"))
SCHEMA = json.loads((ROOT / "specs/schema/verdict.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda path: path.name)
def test_a_published_bundle_gives_its_verdict(bundle, capsys):
    assert main(["verify", str(bundle)]) == 0
    # To the byte with the libraries that it was made with, but for last digits with others.
    assert "the same: its scores give its verdict" in capsys.readouterr().out


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda path: path.name)
def test_a_published_verdict_is_as_the_schema_of_verdicts_says(bundle):
    with tarfile.open(bundle) as packed:
        if "verdict.json" in packed.getnames():  # a search has none
            Draft202012Validator(SCHEMA).validate(json.load(packed.extractfile("verdict.json")))
