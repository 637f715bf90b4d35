"""The version stands in one place, and what follows from it agrees."""

import re
import shutil
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

import harness
from harness.spec.schema import bundled

ROOT = Path(__file__).parents[1]


def test_the_build_reads_the_version_where_it_stands():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" not in project["project"]
    assert "version" in project["project"]["dynamic"]
    source = (ROOT / project["tool"]["hatch"]["version"]["path"]).read_text(encoding="utf-8")
    assert re.findall(r'^__version__ = "(.+)"$', source, re.MULTILINE) == [harness.__version__]


def test_the_citation_names_the_version():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert str(cited["version"]) == harness.__version__


def test_the_verdict_of_a_run_of_an_earlier_version_is_what_the_schema_promises(tmp_path):
    run = shutil.copytree(ROOT / "tests" / "ledger" / "fixtures" / "run-of-version-1", tmp_path / "run")
    Draft202012Validator(bundled("verdict")).validate(harness.compare(run).to_json())


def test_an_installation_is_of_that_version():
    try:
        installed = metadata.version("harness-gap")
    except metadata.PackageNotFoundError:
        pytest.skip("harness runs from its source here")
    assert installed == harness.__version__
