"""lm-eval's own tasks and fields are known without importing it."""

import json
import subprocess
import sys

import pytest

from harness.declarations import lm_eval
from harness.declarations.task_yaml import read_task

pytestmark = pytest.mark.run

PLACES = "import harness.declarations.lm_eval as own; own.own_tasks(); own.task_fields(); import sys; "


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A stand-in for lm-eval's package, with a cache of its own."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(lm_eval, "_package", lambda: tmp_path / "lm_eval")
    tasks = tmp_path / "lm_eval" / "tasks"
    (tasks / "sums").mkdir(parents=True)
    (tasks / "sums" / "sums.yaml").write_text("task: sums # by its folder\n")
    (tasks / "sums" / "again.yaml").write_text("task: sums\n")
    (tasks / "sums" / "all.yaml").write_text("group: all_sums\ntask: [sums]\n")
    (tasks / "sums" / "broken.yaml").write_text("task: [")
    lm_eval.own_tasks.cache_clear()
    yield tasks
    lm_eval.own_tasks.cache_clear()


def test_tasks_and_groups_are_indexed_by_name(library):
    tasks = lm_eval.own_tasks()
    assert {name: task.is_group for name, task in tasks.items()} == {"sums": False, "all_sums": True}
    assert tasks["sums"].path == library / "sums" / "again.yaml"


def test_the_index_is_built_once(library, monkeypatch):
    built = lm_eval.own_tasks()
    lm_eval.own_tasks.cache_clear()
    monkeypatch.setattr(lm_eval, "_built", lambda _: pytest.fail("built again"))
    assert lm_eval.own_tasks() == built


def test_another_version_has_an_index_of_its_own(library, monkeypatch):
    lm_eval.own_tasks()
    monkeypatch.setattr(lm_eval.importlib.metadata, "version", lambda _: "99.0")
    (library / "new").mkdir()
    (library / "new" / "new.yaml").write_text("task: new\n")
    lm_eval.own_tasks.cache_clear()
    assert "new" in lm_eval.own_tasks()


@pytest.mark.parametrize("content", ["", "[", "\udcff"])
def test_an_index_that_cannot_be_read_is_built_again(library, tmp_path, content):
    lm_eval.own_tasks()
    (file,) = (tmp_path / "cache" / "lm_eval").iterdir()
    file.write_bytes(content.encode(errors="surrogateescape"))
    lm_eval.own_tasks.cache_clear()
    assert "sums" in lm_eval.own_tasks()
    assert "sums" in json.loads(file.read_text())


def test_a_cache_that_cannot_be_written_costs_only_time(library, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "file"))
    assert "sums" in lm_eval.own_tasks()


def test_without_lm_eval_nothing_is_known(monkeypatch):
    monkeypatch.setattr(lm_eval, "_package", lambda: None)
    lm_eval.own_tasks.cache_clear()
    assert not lm_eval.is_installed()
    assert lm_eval.own_tasks() == {}
    lm_eval.own_tasks.cache_clear()


def test_the_installed_librarys_tasks_are_found_without_importing_it():
    code = PLACES + "print('lm_eval' in sys.modules, len(own.own_tasks()) > 1000, 'arc_easy' in own.own_tasks())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "True"]


def test_an_indexed_name_is_what_its_file_declares():
    tasks = lm_eval.own_tasks()
    for name in ("arc_easy", "mmlu", "hellaswag", "gsm8k"):
        declared = read_task(tasks[name].path)
        assert declared.name == name
        assert declared.is_group == tasks[name].is_group
