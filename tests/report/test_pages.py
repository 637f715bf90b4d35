"""Every run leaves a page beside its verdict; what cannot be judged or read leaves one that says why."""

import csv

import numpy as np
import pytest

import harness
from harness.api import load_run
from harness.cli import main
from harness.errors import HarnessError
from harness.ledger.lock import LOCK
from harness.records import CellFailure
from harness.runs import conclude
from helpers.logs import arms
from helpers.runs import scored_run

ORDER = ("answer", "verdicts", "gaps", "scores", "training", "costs", "noise", "reproduce")


@pytest.fixture
def run(tiny_spec, tmp_path):
    return scored_run(tmp_path / "run", tiny_spec, items=60)


def page_of(run):
    return (run.folder / "report.html").read_text(encoding="utf-8")


def test_a_page_says_what_was_asked_what_was_found_how_sure_and_what_is_next(run):
    text = harness.report(run.folder)
    page = page_of(run)
    assert "does the gap between full--default and lora--tiny on sums persist on sums_far?" in page
    assert "What to use: " in page
    assert "How sure: The error rate of 5%" in page
    assert f"harness plan {run.experiment.file}" in page
    places = [page.index(f'<section id="{name}"') for name in ORDER]
    assert places == sorted(places)
    verdict = conclude(load_run(run.folder)).verdicts.comparisons[0]
    assert verdict.sentence in page
    assert f"{run.folder}/report.html is the page" in " ".join(text.split())


def test_beside_it_stands_what_fits_a_pull_request(run):
    harness.report(run.folder)
    summary = (run.folder / "report.md").read_text(encoding="utf-8")
    assert summary.startswith("# tiny\n")
    assert "| recipe | sums → sums_far |" in summary
    assert "**WHAT TO USE: " in summary
    assert conclude(load_run(run.folder)).verdicts.comparisons[0].sentence in summary
    assert "report.html" in summary


def test_a_page_is_written_where_results_changed_and_left_alone_where_they_did_not(run):
    place = run.folder / "report.html"
    conclude(load_run(run.folder)).save(anew=False)
    place.write_text(page_of(run) + "<!-- kept -->", encoding="utf-8")
    conclude(load_run(run.folder)).save(anew=False)
    assert page_of(run).endswith("<!-- kept -->")
    harness.report(run.folder)
    assert not page_of(run).endswith("<!-- kept -->")
    first = page_of(run)
    run.write_outcome(
        CellFailure(cell=run.outcomes[-1].cell, kind="killed", stage="train", message="<b>it was killed</b>")
    )
    conclude(load_run(run.folder)).save(anew=False)
    assert page_of(run) != first
    assert "&lt;b&gt;it was killed&lt;/b&gt;" in page_of(run)
    assert "--retry-failed" in page_of(run)


def test_a_page_is_the_same_for_the_same_results(run):
    harness.report(run.folder)
    first = page_of(run)
    harness.report(run.folder)
    assert page_of(run) == first


def test_an_unfinished_run_says_so_and_how_to_go_on(run):
    (run.cell_folder(run.cell_ids[-1]) / "result.json").unlink()
    harness.report(run.folder)
    assert "Not finished: 1 of 5 cells have not run yet." in page_of(run)
    assert "Next, the rest of the run" in page_of(run)


def test_a_run_without_a_finished_cell_has_a_page_that_says_so(run, capsys):
    for cell in run.cell_ids:
        (run.cell_folder(cell) / "result.json").unlink()
    assert main(["report", str(run.folder)]) == 64
    assert "no cell has finished yet" in capsys.readouterr().err
    assert "no cell has finished yet" in page_of(run)
    assert "How to reproduce it" in page_of(run)


def test_a_run_in_which_every_cell_failed_has_a_page_with_the_failures(run):
    for outcome in run.outcomes:
        run.write_outcome(CellFailure(cell=outcome.cell, kind="out_of_memory", stage="train", message="too large"))
    with pytest.raises(HarnessError):
        harness.report(run.folder)
    assert "(out_of_memory in train): too large" in page_of(run)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda run: (run.folder / LOCK).write_text("{"), "cannot be read"),
        (lambda run: (run.cell_folder(run.cell_ids[0]) / "result.json").write_text("{"), "result.json"),
        (lambda run: (run.folder / LOCK).write_text('{"cells": [], "more": 1}'), "was written by another version"),
    ],
    ids=["lock", "result", "version"],
)
def test_a_damaged_run_has_a_page_that_says_what_is_damaged(run, damage, said):
    damage(run)
    with pytest.raises(HarnessError):
        harness.report(run.folder)
    assert "There is no verdict on this run." in page_of(run)
    assert said in page_of(run)


def test_no_page_is_written_where_there_is_no_run(tmp_path):
    with pytest.raises(HarnessError):
        harness.report(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_pictures_the_page_has_the_tables_and_the_command_that_brings_them(run):
    harness.report(run.folder)
    assert "pip install -c constraints.txt &#x27;.[report]&#x27;" in page_of(run)
    assert "<svg" not in page_of(run)
    assert "Gaps to full--default in points" in page_of(run)


def test_a_comparison_of_logs_has_a_page_too(tmp_path, capsys):
    full, lora = arms(tmp_path, ("near", "far"), np.random.default_rng(1), gaps=(0.3, 0.3))
    sides = ["--reference", *map(str, full), "--candidate", *map(str, lora)]
    suites = ["--in-domain", "near", "--out-of-domain", "far", "--metric", "acc"]
    assert main(["compare", *sides, *suites, "--html", str(tmp_path / "seen.html")]) == 0
    page = (tmp_path / "seen.html").read_text(encoding="utf-8")
    assert "<title>seen</title>" in page
    assert "near → far" in page
    assert "Gaps to reference in points" in page
    capsys.readouterr()


def test_a_page_that_cannot_be_written_is_told(run, capsys):
    assert main(["compare", str(run.folder), "--html", str(run.folder / LOCK / "page.html")]) == 74
    assert "page.html cannot be written" in capsys.readouterr().err


def test_scores_are_a_table_with_a_row_an_item_cell_and_metric(run, tmp_path, capsys):
    assert main(["report", str(run.folder), "--csv", str(tmp_path / "scores.csv")]) == 0
    with (tmp_path / "scores.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    assert list(rows[0]) == ["model", "recipe", "seed", "suite", "role", "item", "cluster", "metric", "score"]
    assert len(rows) == 5 * 2 * 60
    assert {row["recipe"] for row in rows} == {"base", "full--default", "lora--tiny"}
    capsys.readouterr()
