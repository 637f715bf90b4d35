"""Names that hide shipped ones, and tasks that cannot be looked up, are mentioned and refuse nothing."""

import json
import shutil

import pytest

from harness.cli import main
from harness.declarations import lm_eval
from harness.declarations.places import shipped
from harness.spec import load
from harness.spec.notes import notes


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "adapters").mkdir()
    return tmp_path


@pytest.fixture
def spec(project):
    """An experiment that changes a shipped one."""
    path = project / "mine.json"
    path.write_text(json.dumps({"extends": "gap"}))
    return path


def recipe_of_ones_own(project, text):
    (project / "adapters" / "lora--gradient-half.json").write_text(text)


def test_nothing_is_noted_of_shipped_names(spec):
    assert notes(load(spec)) == ()


def test_a_recipe_that_hides_a_shipped_one_is_noted(project, spec, capsys):
    recipe_of_ones_own(project, json.dumps({"peft": {"peft_type": "LORA", "r": 2, "target_modules": "all-linear"}}))
    said = (
        "the recipe `lora--gradient-half` comes from adapters/lora--gradient-half.json, "
        "which differs from the shipped recipe of that name."
    )
    assert notes(load(spec)) == (said,)
    assert main(["validate", "mine.json"]) == 0
    assert f"mine.json: note: {said}" in capsys.readouterr().out


def test_a_recipe_of_the_same_content_is_not_noted(project, spec):
    recipe_of_ones_own(project, (shipped("adapters") / "lora--gradient-half.json").read_text())
    assert notes(load(spec)) == ()


def test_a_task_that_hides_a_shipped_one_is_noted_where_it_differs(project, spec):
    shutil.copytree(shipped("tasks"), project / "tasks")
    assert notes(load(spec)) == ()
    with (project / "tasks" / "k8s_qa" / "loader.py").open("a") as file:
        file.write("# changed\n")
    (said,) = notes(load(spec))
    assert said.startswith("the task `k8s_qa` comes from tasks/k8s_qa/k8s_qa.yaml, which differs")


def test_an_experiment_that_hides_a_shipped_one_is_noted_where_its_name_means_it(project, tmp_path_factory):
    away = tmp_path_factory.mktemp("away") / "gap.json"
    away.write_text(json.dumps({"extends": str(shipped("specs") / "gap.json"), "seeds": [1]}))
    assert notes(load(away)) == ()
    shutil.copy(away, project / "gap.json")
    (said,) = notes(load("gap"))
    assert said.startswith("the experiment `gap` comes from gap.json")


def test_without_lm_eval_a_task_that_it_may_bring_is_neither_refused_nor_accepted(project, capsys, monkeypatch):
    monkeypatch.setattr(lm_eval, "_package", lambda: None)
    lm_eval.own_tasks.cache_clear()
    suites = [{"task": "k8s_qa", "role": "in_domain", "metric": "acc"}]
    suites.append({"task": "hellaswag", "role": "guard", "metric": "acc"})
    (project / "mine.json").write_text(json.dumps({"extends": "gap", "suites": suites}))
    assert main(["validate", "mine.json"]) == 0
    said = capsys.readouterr().out
    assert "whether `hellaswag` is a task cannot be known here: lm-eval, which may bring it, is not installed." in said
    lm_eval.own_tasks.cache_clear()
