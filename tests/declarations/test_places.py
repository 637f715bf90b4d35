"""Declarations are found where people put them, nearest first."""

import json
import shutil
from pathlib import Path

import pytest

from harness.cli import main
from harness.declarations.places import found_from_here, json_files, searched_folders, shipped
from harness.declarations.tasks import find_task
from harness.spec import load

LORA = {"peft": {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 2, "target_modules": "all-linear"}}
COMPARISON = {"reference": "full--default", "candidates": ["lora--mine"]}
SPEC = {"extends": "gap", "recipes": ["full--default", "lora--mine"], "comparison": COMPARISON}
TASK = """task: ports
custom_dataset: !function loader.load
output_type: multiple_choice
test_split: test
metric_list: [{metric: acc}]
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder that a user is in, with the usual three folders."""
    for kind in ("adapters", "specs", "tasks"):
        (tmp_path / kind).mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, value) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def test_the_order_is_spec_include_above_here_shipped(tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    specs, include = tmp_path / "project" / "specs", tmp_path / "include"
    assert searched_folders("adapters", beside=specs, include=[include]) == [
        specs,
        specs / "adapters",
        include,
        include / "adapters",
        tmp_path / "project" / "adapters",
        here / "adapters",
        shipped("adapters"),
    ]


def test_the_folder_above_counts_only_for_a_folder_called_specs(tmp_path):
    assert tmp_path / "tasks" not in searched_folders("tasks", beside=tmp_path / "mine")


def test_no_folder_is_searched_twice(project):
    folders = searched_folders("specs", beside=project)
    assert folders == [project, project / "specs", shipped("specs")]


def test_a_recipe_beside_the_shipped_ones_of_a_checkout_is_found(tmp_path, monkeypatch, capsys):
    """The README's installation, and then a recipe and a spec written where the others lie."""
    for kind in ("adapters", "specs"):
        shutil.copytree(shipped(kind), tmp_path / kind)
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "adapters" / "lora--mine.json", LORA)
    write(tmp_path / "specs" / "mine.json", SPEC)
    assert main(["validate", "specs/mine.json"]) == 0
    assert main(["validate", "mine"]) == 0
    assert main(["validate", "adapters/lora--mine.json"]) == 0
    assert "note" not in capsys.readouterr().out
    assert "lora--mine" in {path.stem for path in json_files("adapters", beside=tmp_path)}


def test_a_recipe_below_the_current_directory_is_found_for_a_spec_elsewhere(project, tmp_path_factory):
    write(project / "adapters" / "lora--mine.json", LORA)
    spec = write(tmp_path_factory.mktemp("away") / "mine.json", SPEC)
    assert load(spec).recipes[1].id == "lora--mine"


def test_the_folders_that_were_searched_are_listed(project, capsys):
    write(project / "specs" / "mine.json", SPEC)
    assert main(["validate", "specs/mine.json"]) == 64
    said = capsys.readouterr().out
    assert "'lora--mine' is not among the adapters" in said
    assert f"Searched: specs, {Path('specs/adapters')}, adapters, {shipped('adapters')}." in said


def test_a_task_that_only_the_current_directory_brings_is_found_later_from_elsewhere(
    project, tmp_path_factory, monkeypatch
):
    write(project / "tasks" / "deep" / "down" / "ports.yaml", TASK)
    away = tmp_path_factory.mktemp("away")
    suites = [{"task": "ports", "role": "in_domain", "metric": "acc"}]
    spec = write(away / "mine.json", {"extends": "gap", "suites": suites})
    experiment = load(spec)
    assert experiment.include == (project / "tasks",)
    monkeypatch.chdir(away)
    assert find_task("ports", beside=away) is None
    assert find_task("ports", beside=away, include=experiment.include) is not None


def test_nothing_is_noted_of_the_current_directory_where_the_spec_leads_there_too(project):
    path = write(project / "tasks" / "ports.yaml", TASK)
    assert not found_from_here("tasks", path, beside=project)
    assert not found_from_here("tasks", path, beside=project / "specs")
    assert found_from_here("tasks", path, beside=project / "other")
    assert not found_from_here("tasks", shipped("tasks") / "k8s_qa" / "k8s_qa.yaml", beside=project / "other")
