"""A run folder of the version before records were typed is listed, reported and compared, by the method of today."""

import json
import math
import shutil
from pathlib import Path
from statistics import fmean

import pytest

import harness
from harness.cli import main
from harness.ledger import read
from harness.ledger.outcomes import read_training

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(FIXTURES / "run-of-version-1", tmp_path / "old"))


def test_its_records_are_typed(folder):
    run = read(folder)
    base, *trained = run.outcomes
    assert base.train_info is None
    assert base.costs.rss_max > 0
    assert len(trained) == 4
    for each in trained:
        assert (each.training.steps, len(each.training.losses), len(each.training.order)) == (2, 2, 2)
        assert each.training.measurements["base_unchanged"].passed is True
        assert each.training.measurements["order_follows_seed"].details == {"batches": 2}
        assert each.costs.file_size > 0
    assert {each.cell.recipe: set(each.measurements) for each in trained} == {
        "full--default": set(),
        "lora--last-half": {"merged_scores_agree"},
    }


def test_a_training_that_was_not_scored_yet_is_read(folder):
    (note,) = folder.glob("cells/*/training.json")
    done = read_training(note)
    assert done.train_info.steps == 2
    assert done.costs.seconds["train"] > 0


def test_it_is_listed(folder, capsys):
    assert main(["ls", str(folder), "--json"]) == 0
    assert [each["status"] for each in json.loads(capsys.readouterr().out)] == ["done"] * 5


def test_its_report_says_what_it_said(folder, capsys):
    assert main(["report", str(folder)]) == 0
    said = capsys.readouterr().out.replace(str(folder), "RUN")
    assert said == (FIXTURES / "report-of-version-1.txt").read_text()


def test_its_verdict_is_judged_anew_with_the_same_estimates(folder):
    before = json.loads((folder / "verdict.json").read_text())["comparisons"][0]
    assert main(["report", str(folder)]) == 0
    (after,) = json.loads((folder / "verdict.json").read_text())["comparisons"]
    assert after["model"] == "random-llama"
    assert (after["verdict"], after["per_seed"]) == (before["verdict"], before["per_seed"])
    assert "two seeds" in after["notes"][0]


def test_it_is_compared_and_its_scores_are_a_table(folder):
    assert harness.compare(folder).comparisons[0].candidate == "lora--last-half"
    assert len(harness.load_run(folder).scores()) == 5 * 2 * 24


def test_its_logs_are_compared_by_a_metric_that_was_not_scored_then(folder, capsys):
    full, lora = (sorted(map(str, (folder / "cells").glob(f"{recipe}--*"))) for recipe in ("full", "lora"))
    tasks = ["--in-domain", "sums", "--out-of-domain", "sums_far"]
    arms = ["--reference", *full, "--candidate", *lora]
    assert main(["compare", *arms, *tasks, "--metric", "answer_margin", "--sesoi", "0.02", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["comparisons"]
    assert (found["metric"], found["higher_is_better"], found["sesoi_in"]) == ("answer_margin", True, 0.02)
    for suite, gap in (("sums", found["gap_in"]), ("sums_far", found["gap_out"])):
        means = [fmean(fmean(map(margin, _samples(cell, suite))) for cell in arm) for arm in (full, lora)]
        assert gap["estimate"] == pytest.approx(means[0] - means[1], abs=1e-12)


def _samples(cell, suite):
    (path,) = Path(cell).glob(f"eval/{suite}--*/samples_*")
    return [json.loads(each) for each in path.read_text().splitlines()]


def margin(sample):
    """By hand: three options of three bytes each, the first the right one."""
    right, *wrong = (float(likelihood) / math.log(2) / 3 for likelihood, _ in sample["filtered_resps"])
    assert {len(option) for option in sample["doc"]["choices"]} == {3}
    assert sample["doc"]["answer"] == 0
    return right - fmean(wrong)
