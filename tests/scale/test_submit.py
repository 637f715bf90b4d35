"""The harness command as an array of tasks through submitit's own local executor."""

import json

import pytest

pytest.importorskip("submitit", reason="needs the extra `slurm`")

from faults.grid import repeated
from harness.cli import main
from harness.ledger import RunFolder
from helpers.commands import ended, start

pytestmark = pytest.mark.scale


def test_an_array_of_tasks_comes_to_the_run_of_one_command(tiny_spec, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert ended(start(tiny_spec, tmp_path, "--out", "elsewhere/alone")).code == 0
    array = ("--tasks", "3", "--next", "2", "--to", "local", "--with", "timeout_min=20", "--wait")
    assert main(["submit", str(tiny_spec), *array]) == 0
    alone, run = (RunFolder(tmp_path / name) for name in ("elsewhere/alone", "runs/tiny"))
    assert capsys.readouterr().out.count("exit code 0") == 3
    assert (run.folder / "verdict.json").read_bytes() == (alone.folder / "verdict.json").read_bytes()
    noted = [each for each in run.journal.events() if each["event"] == "task ended"]
    assert [each["code"] for each in noted] == [0, 0, 0]
    assert all((run.folder / each["log"]).exists() for each in noted)
    assert repeated(run) == []


def test_an_array_goes_through_the_models_of_an_experiment(tiny_spec, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = json.loads(tiny_spec.read_text())
    model = said.pop("model")
    models = {"first": {"model": model}, "second": {"model": {**model, "seed": 1}}}
    spec = tiny_spec.with_name("two.json")
    spec.write_text(json.dumps({**said, "name": "two", "models": models}))
    array = ("--tasks", "2", "--next", "4", "--seeds", "1", "--to", "local", "--with", "timeout_min=20", "--wait")
    assert main(["submit", str(spec), *array]) == 0
    assert capsys.readouterr().out.count("exit code 0") == 2
    place = tmp_path / "runs" / "two"
    runs = [RunFolder(place / name) for name in models]
    assert [repeated(each) for each in runs] == [[], []]
    assert all(len(each.outcomes) == len(each.cell_ids) for each in runs)
    assert all((each.folder / "verdict.json").is_file() for each in runs)
    found = json.loads((place / "over_models.json").read_text())
    assert [(each["name"], each["ended"], each["cells"]) for each in found["models"]] == [
        (each.folder.name, len(each.cell_ids), len(each.cell_ids)) for each in runs
    ]
    noted = [each["event"] for each in RunFolder(place).journal.events()]
    assert noted == ["submitted", "task ended", "task ended"]
    assert main(["ls", str(tmp_path / "runs"), "--json"]) == 0
    assert {each["run"] for each in json.loads(capsys.readouterr().out)} == {"two/first", "two/second"}


def test_without_slurm_it_is_said_and_nothing_is_left(tiny_spec, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["submit", str(tiny_spec), "--tasks", "2"]) == 64
    assert "submitit cannot submit to slurm" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()
