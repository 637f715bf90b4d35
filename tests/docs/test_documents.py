"""What the documents say exists does: links, specs, recipes, tasks, verbs; and CI runs the README's own command."""

import json
import re
from pathlib import Path

import pytest

from harness.cli import VERBS
from harness.declarations.tasks import declared_tasks
from harness.spec import load

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("tasks/*/README.md")])


def text(path):
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(path):
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text(path))
    assert [target for target in targets if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_verbs_and_shipped_names_exist(path):
    shown = re.findall(r"^\s*(?:\$ |\.venv/bin/)?harness ([a-z]+)", text(path), re.MULTILINE)
    assert set(shown) <= set(VERBS)
    specs = re.findall(r"specs/([\w.-]+)\.json", text(path))
    assert [
        name for name in specs if not list((ROOT / "specs").glob(f"{name}.json")) and not name.startswith("my")
    ] == []
    recipes = re.findall(r"adapters/([\w.-]+--[\w.-]+)\.json", text(path))
    shipped = {path.stem for path in (ROOT / "adapters").glob("*.json")}
    assert [name for name in recipes if name not in shipped and not name.startswith("my--")] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_json_shown_is_json(path):
    for block in re.findall(r"^```json\n(.*?)^```", text(path), re.MULTILINE | re.DOTALL):
        json.loads(block)


def test_every_verb_is_in_the_readme():
    assert [verb for verb in VERBS if f"harness {verb}" not in text(ROOT / "README.md")] == []


def test_ci_runs_the_readmes_test_command():
    (command,) = [line for line in text(ROOT / "README.md").splitlines() if line.endswith("/tox")]
    assert command in text(ROOT / ".ci" / "run").splitlines()


def test_the_readmes_experiment_loads_with_the_tasks_it_names(tmp_path):
    blocks = re.findall(r"^```json\n(.*?)^```", text(ROOT / "README.md"), re.MULTILINE | re.DOTALL)
    specs = [block for block in blocks if '"extends": "gap"' in block]
    assert specs
    for number, block in enumerate(specs):
        file = tmp_path / f"shown-{number}.json"
        file.write_text(block)
        experiment = load(file)
        assert {suite.task for suite in experiment.suites} <= declared_tasks().keys()


def test_the_changelog_has_a_place_for_what_is_next():
    assert "## [Unreleased]" in text(ROOT / "CHANGELOG.md")
