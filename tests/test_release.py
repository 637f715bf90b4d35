"""The version stands in one place, and what follows from it agrees."""

import os
import re
import shutil
import subprocess
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


def release_step(name, place, **environment):
    """Run a script of the publishing workflow in a folder; return its exit code."""
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))
    (script,) = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if step.get("name") == name]
    words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(words, cwd=place, env={**os.environ, **environment}, check=False).returncode


def test_a_tag_that_is_not_the_version_is_not_published():
    name = "The tag names the version"
    assert release_step(name, ROOT, GITHUB_REF_NAME=f"v{harness.__version__}") == 0
    assert release_step(name, ROOT, GITHUB_REF_NAME="v999.0.0") == 1


def test_the_notes_of_a_release_are_its_entry_of_the_change_log(tmp_path):
    entries = (
        "# Changelog",
        "## [Unreleased]",
        "## [1.2.0] - 2026-01-02",
        "- It is new.",
        "## [1.1.0] - 2026",
        "- Old.",
    )
    (tmp_path / "CHANGELOG.md").write_text("\n\n".join(entries))
    assert release_step("The change log has an entry", tmp_path, GITHUB_REF_NAME="v1.2.0") == 0
    assert (tmp_path / "notes.md").read_text().strip() == "- It is new."
    assert release_step("The change log has an entry", tmp_path, GITHUB_REF_NAME="v1.2.1") == 1


def test_only_the_publishing_job_may_ask_for_a_publishers_word():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))
    asking = [name for name, job in workflow["jobs"].items() if "id-token" in job.get("permissions", {})]
    assert asking == ["publish"]
    assert workflow["permissions"] == {"contents": "read"}
    publish = workflow["jobs"]["publish"]
    assert (publish["needs"], publish["environment"]) == ("build", "pypi")
