"""Shares of the gain, controls and reasons stand in the report of a run, and only where there are any."""

import json

import pytest

import harness
from helpers.runs import scored_run

SKILLS = {"base": 0.2, "base, 2 examples": 0.45, "full--default": 0.85, "lora--tiny": 0.7}


@pytest.fixture
def spec(tiny_spec):
    declared = json.loads(tiny_spec.read_text())
    declared["controls"] = [{"num_fewshot": 2}]
    declared["comparison"]["sesoi_reason"] = "as on the exam"
    tiny_spec.write_text(json.dumps(declared))
    return tiny_spec


def report(folder, spec, **changes):
    scored_run(folder, spec, items=300, skills=SKILLS | changes)
    run = harness.load_run(folder)
    return run, harness.report(run)


def test_a_run_shows_controls_as_rows_with_what_they_give_of_each_gain(tmp_path, spec):
    run, text = report(tmp_path / "run", spec)
    rows = [line.split("  ")[0] for line in text.splitlines()]
    assert rows.count("base, 2 examples") == 2
    assert text.count("base, 2 examples: without training, ") == 4
    (share,) = [each.share for each in run.verdicts.controls if (each.arm, each.task) == ("lora--tiny", "sums")]
    assert share.estimate == pytest.approx(0.5, abs=0.15)


def test_a_run_shows_the_share_of_the_gain_in_table_and_sentence(tmp_path, spec):
    run, text = report(tmp_path / "run", spec)
    share = run.verdicts.shares[0].share
    assert text.count("given up") == 2
    assert f"lora--tiny gives up {100 * share.estimate:.0f}% (" in " ".join(text.split())
    assert f" {share.estimate:.0%}\n" in text


def test_where_no_gain_is_shown_there_is_no_column(tmp_path, spec):
    _, text = report(tmp_path / "run", spec, base=0.85)
    assert "given up" not in text
    assert "a share of it would be unbounded" in " ".join(text.split())


def test_the_reason_of_the_smallest_effect_is_said(tmp_path, spec):
    _, text = report(tmp_path / "run", spec)
    assert "smallest effect of interest on sums, sums_far: 0.02 of acc (as on the exam)" in text


def test_a_run_without_controls_and_reasons_says_nothing_of_them(tmp_path, tiny_spec):
    _, text = report(tmp_path / "run", tiny_spec)
    assert "examples" not in text
    assert "smallest effect of interest on" not in text
