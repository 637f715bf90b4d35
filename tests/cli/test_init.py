"""``harness init``: what it writes is valid, plans and runs as it is, and nothing is written over."""

import json

import pytest

from harness.cli import main
from harness.records import CellResult
from harness.runs import Run
from harness.spec import load
from harness.suites import starter


@pytest.fixture
def written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["init", "mine"]) == 0
    return tmp_path / "mine"


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_asks_nothing_and_says_what_to_type_next(written, capsys):
    assert main(["init", "./other"]) == 0
    said = capsys.readouterr().out
    for verb in ("validate", "plan", "run"):
        assert f"harness {verb} other/mine.json" in said
    assert main(["validate", "mine/mine.json", "mine/adapters/lora--mine.json"]) == 0


def test_the_experiment_is_about_the_files_beside_it(written):
    experiment = load(written / "mine.json")
    assert [each.id for each in experiment.recipes] == [starter.FULL, starter.LORA]
    assert str(experiment.data.path) == str(written / "data" / "train.jsonl")
    assert {suite.role for suite in experiment.suites} == {"in_domain", "out_of_domain"}
    assert "$comment" in (written / "mine.json").read_text()


def test_a_right_answer_stands_everywhere_as_often(written):
    lines = (written / "tasks" / starter.INSIDE / "test.jsonl").read_text().splitlines()
    placed = [json.loads(line)["answer"] for line in lines]
    assert {placed.count(place) for place in range(4)} == {len(placed) // 4}


def test_nothing_is_written_over(written, capsys):
    before = files(written)
    assert main(["init", "mine"]) == 64
    said = capsys.readouterr().err
    assert "mine/mine.json, mine/adapters/full--mine.json" in said
    assert files(written) == before


def test_a_folder_that_cannot_be_written_is_the_disks(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    assert main(["init", "file"]) == 74
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.run
def test_it_plans_and_runs(written, tiny_model, capsys):
    small = ["--set", f"model={json.dumps(tiny_model)}", "--set", "training.max_steps=2", "--seeds", "1"]
    assert main(["plan", "mine/mine.json", *small, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["suites"].keys() == {starter.INSIDE, starter.OUTSIDE}
    assert main(["run", "mine/mine.json", *small, "--limit", "8"]) == 0
    results = Run(written.parent / "runs" / "mine").results()
    assert [each for each in results if not isinstance(each, CellResult)] == []
    assert len(results) == 3
