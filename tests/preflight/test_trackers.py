"""Trackers that are asked for and not installed are named before anything is trained."""

import json

import pytest

from harness.errors import SpecError, UsageError
from harness.preflight import trackers
from harness.spec import load


def asking(spec, *names):
    declared = json.loads(spec.read_text()) | {"execute": {"report_to": list(names)}}
    spec.write_text(json.dumps(declared))
    return load(spec)


def test_all_that_are_missing_are_named_with_what_brings_them(tiny_spec, monkeypatch):
    monkeypatch.setattr(trackers, "find_spec", lambda name: name == "tensorboardX" or None)
    with pytest.raises(UsageError, match=r"not installed: trackio, wandb. `pip install trackio wandb` brings it"):
        trackers.check_trackers(asking(tiny_spec, "trackio", "tensorboard", "wandb"))
    trackers.check_trackers(asking(tiny_spec, "tensorboard"))
    trackers.check_trackers(asking(tiny_spec))


def test_a_tracker_that_is_not_known_is_an_error_of_the_spec(tiny_spec):
    with pytest.raises(SpecError, match="neptune"):
        asking(tiny_spec, "neptune")
