"""What a stranger types wrongly ends with exit code 64, or 74 for the disk, and what to do; never with a traceback."""

import json

import pytest

from harness.cli import main
from harness.errors import HarnessError, StorageError
from harness.execution.executors import executor_of
from harness.ledger import RunFolder
from harness.ledger.lock import LOCK
from harness.sources import cache
from harness.spec import load


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(capsys, *words, code=64):
    """Return what a verb says that must refuse its words."""
    assert main(words) == code
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


def make_run(folder, **lock):
    folder.mkdir(parents=True)
    (folder / LOCK).write_text(json.dumps({"cells": [], **lock}))
    return folder


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "usage: harness"),
        (["validat", "gap"], "invalid choice: 'validat'"),
        (["validate", "gap", "--foo"], "harness validate: unknown: --foo\n`harness validate --help` says"),
        (["validate", "gap", "--include-path", "nowhere"], "there is no folder 'nowhere'"),
        (["adapters", "--include-path", "nowhere"], "there is no folder 'nowhere'"),
        (["tasks", "--include-path", "nowhere"], "there is no folder 'nowhere'"),
        (["tasks", "check", "k8s_qa", "--items", "-3"], "'-3' is not a number of items"),
        (["compare", "runs/x", "--gate", "not-wrse-in-domain,b"], "Did you mean `not-worse-in-domain`?\n--gate: there"),
        (["compare", "runs/x", "--names", "a", "--all"], "for lm-eval logs or a table alone: --names, --all"),
        (["compare", "runs/x", "--lower-is-better", "--cluster", "y"], "--lower-is-better or --higher-is-better"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_words_are_told(words, told, capsys):
    assert told in refused(capsys, *words)


def test_a_standard_deviation_without_its_degrees_of_freedom_is_not_passed_over(capsys):
    given = ["--reference", "a", "--candidate", "b", "--in-domain", "c", "--metric", "acc", "--seed-sd", "0.1"]
    assert "--seed-sd and --seed-df go together" in refused(capsys, "compare", *given)


@pytest.mark.parametrize("verb", ["report", "compare"])
class TestFolders:
    def test_none_is_there(self, verb, capsys):
        assert "there is no folder gone" in refused(capsys, verb, "gone")

    def test_one_of_runs_names_them(self, verb, here, capsys):
        make_run(here / "runs" / "mine")
        assert "Name one of the runs in it: runs/mine." in refused(capsys, verb, "runs")

    def test_one_without_any_says_what_makes_one(self, verb, here, capsys):
        assert "`harness run SPEC` makes one" in refused(capsys, verb, ".")

    @pytest.mark.parametrize("text", ["{", "[]", "{}", '{"cells": []}'])
    def test_a_damaged_lock_says_how_to_mend_it(self, verb, text, here, capsys):
        (here / LOCK).write_text(text)
        assert "Remove it and run the spec again" in refused(capsys, verb, ".")


def test_a_damaged_run_does_not_hide_the_others(here, capsys):
    make_run(here / "runs" / "good")
    (make_run(here / "runs" / "bad") / LOCK).write_text("{")
    assert main(["ls"]) == 64
    shown = capsys.readouterr()
    assert "good" in shown.out
    assert "runs/bad/spec.lock.json cannot be read" in shown.err


def test_a_damaged_recipe_does_not_hide_the_others(here, capsys):
    for name in ("one", "two"):
        (here / f"full--{name}.json").write_text('{"layer": {}}')
    assert main(["adapters"]) == 64
    shown = capsys.readouterr()
    assert "lora--last-half" in shown.out
    assert all(f"full--{name}.json:1: $.layer" in shown.err for name in ("one", "two"))


def test_a_run_folder_that_cannot_be_written_is_told(here, capsys):
    (here / "file").write_text("")
    said = refused(capsys, "run", "quick", "--out", "file", code=74)
    assert "file cannot be written (Not a directory). Something else of that name is in the way" in said
    assert "Choose another folder" in said


def test_a_cache_that_cannot_be_written_is_told(here, monkeypatch, capsys):
    (here / "file").write_text("")
    monkeypatch.setenv("HARNESS_CACHE", str(here / "file" / "below"))
    for name in ("HARNESS_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.setenv(name, "1")
    with pytest.raises(StorageError, match="Set HARNESS_CACHE to a folder that can"):
        cache.folder("wheels", "x", fill=lambda folder: None)
    with pytest.raises(HarnessError, match="cannot be written"):
        executor_of(load("quick"), cache.root() / "plan.log", remedy="")
    assert "Set HARNESS_CACHE to a folder that can" in refused(capsys, "plan", "quick", code=74)


def test_a_run_without_a_lock_is_an_error_of_its_own(here):
    with pytest.raises(HarnessError, match="it has no spec"):
        _ = RunFolder(here).lock
