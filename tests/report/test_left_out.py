"""A run whose suites cannot all be compared is reported as far as they can."""

from dataclasses import replace

import pytest

from harness import api
from harness.ledger.artefacts import artefact
from helpers.runs import scored_run

TASKS = ("sums", "sums_far")


@pytest.fixture
def run(tiny_spec, tmp_path):
    return scored_run(tmp_path / "runs" / "tiny", tiny_spec, items=20)


def spoil(run, task):
    """Let one trained cell lack an item of a suite."""
    cell = next(each for each in run.outcomes if each.cell.seed is not None)
    path = next(run.cell_folder(cell.cell).rglob(f"samples_{task}_*"))
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))
    # As a task that scored fewer items would have left it: the record knows the file as it is.
    name = path.relative_to(run.cell_folder(cell.cell)).as_posix()
    scored = tuple(
        replace(each, files={name: artefact(path)}) if each.task == task else each for each in cell.evaluations
    )
    run.write_outcome(replace(cell, evaluations=scored))


def test_the_other_suite_is_reported_and_the_reasons_stand_with_it(run):
    spoil(run, "sums_far")
    text = api.report(run.folder)
    assert "sums_far: NOT COMPARED (out-of-domain)" in text
    assert "has 1 items" in text
    assert "lora--tiny, sums:" in text
    verdicts = api.load_run(run.folder).verdicts
    assert [each.task for each in verdicts.not_compared] == ["sums_far"]
    assert [each.task for each in verdicts.in_domain] == ["sums"]


def test_where_nothing_can_be_compared_scores_and_costs_are_reported_all_the_same(run):
    for task in TASKS:
        spoil(run, task)
    text = api.report(run.folder)
    assert text.count("NOT COMPARED") == 2
    assert "No gap: no in-domain suite can be compared" in text
    assert "full--default" in text
    assert (run.folder / "costs.json").is_file()
