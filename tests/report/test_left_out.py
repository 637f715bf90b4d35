"""A run whose suites cannot all be compared is reported as far as they can."""

import pytest

from harness import api
from helpers.runs import lacks_an_item, scored_run

TASKS = ("sums", "sums_far")


@pytest.fixture
def run(tiny_spec, tmp_path):
    return scored_run(tmp_path / "runs" / "tiny", tiny_spec, items=20)


def test_the_other_suite_is_reported_and_the_reasons_stand_with_it(run):
    lacks_an_item(run, "sums_far")
    text = api.report(run.folder)
    assert "sums_far: NOT COMPARED (out-of-domain)" in text
    assert "has 1 items" in text
    assert "lora--tiny, sums:" in text
    verdicts = api.load_run(run.folder).verdicts
    assert [each.task for each in verdicts.not_compared] == ["sums_far"]
    assert [each.task for each in verdicts.in_domain] == ["sums"]


def test_where_nothing_can_be_compared_scores_and_costs_are_reported_all_the_same(run):
    for task in TASKS:
        lacks_an_item(run, task)
    text = api.report(run.folder)
    assert text.count("NOT COMPARED") == 2
    assert "No gap: no in-domain suite can be compared" in text
    assert "full--default" in text
    assert (run.folder / "costs.json").is_file()
