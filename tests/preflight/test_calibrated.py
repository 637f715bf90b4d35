"""A machine's speed is measured once for a shape, and again where something of either changed."""

import math
import os
import time

import pytest

from harness.preflight import calibrated as kept
from harness.preflight.calibrate import REFERENCE, Calibration, Speed, is_measurable, scaled
from harness.preflight.calibrated import calibrated

CONFIG = {"model_type": "llama", "hidden_size": 32}


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """The configurations that were measured, in a cache of its own."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path))
    calls = []

    def measure(config, device):
        calls.append((dict(config), device))
        speed = Speed(float(len(calls)), 0.5, 0.25)
        return Calibration(layer=speed, head=speed, optimizer=1.0)

    monkeypatch.setattr(kept, "measure", measure)
    monkeypatch.setattr(kept, "device_name", lambda device: device)
    monkeypatch.setattr(kept, "BUSY", math.inf)
    return calls


def test_a_second_plan_reads_what_the_first_measured(measured):
    first = calibrated(CONFIG, "cpu")
    assert calibrated({**CONFIG, "_name_or_path": "elsewhere"}, "cpu") == first
    assert len(measured) == 1


@pytest.mark.parametrize("what", ["shape", "processor", "torch", "anew", "broken", "endless"])
def test_it_is_measured_again_where_something_changed(measured, monkeypatch, tmp_path, what):
    first, config = calibrated(CONFIG, "cpu"), dict(CONFIG)
    if what == "shape":
        config["hidden_size"] = 64
    elif what == "processor":
        monkeypatch.setattr(kept, "_processor", lambda: "another")
    elif what == "torch":
        monkeypatch.setattr(kept.torch, "__version__", "0.1")
    elif what in {"broken", "endless"}:
        (file,) = (tmp_path / "calibration").iterdir()
        file.write_text("{" if what == "broken" else "[" * 100_000)
    again = calibrated(config, "cpu", anew=what == "anew")
    assert again.calibration.layer.forward == 2.0
    assert again != first
    assert calibrated(config, "cpu") == again


def test_a_cache_that_cannot_be_written_is_no_error(measured, tmp_path):
    (tmp_path / "calibration").write_text("a file")
    assert calibrated(CONFIG, "cpu").calibration.optimizer == 1.0


def test_what_a_busy_machine_measures_is_said_and_kept_for_an_hour(measured, monkeypatch, tmp_path):
    monkeypatch.setattr(kept, "BUSY", 1.25)
    measure = kept.measure
    monkeypatch.setattr(kept, "measure", lambda config, device: time.sleep(0.05) or measure(config, device))
    first = calibrated(CONFIG, "cpu")
    assert first.busy
    assert calibrated(CONFIG, "cpu") == first
    (file,) = (tmp_path / "calibration").iterdir()
    os.utime(file, (time.time() - kept.BUSY_SECONDS - 1,) * 2)
    assert calibrated(CONFIG, "cpu").calibration.layer.forward == 2.0
    assert not calibrated(CONFIG, "mps").busy


def test_what_an_idle_machine_measured_is_kept_for_good(measured, tmp_path):
    first = calibrated(CONFIG, "cpu")
    (file,) = (tmp_path / "calibration").iterdir()
    os.utime(file, (0, 0))
    assert calibrated(CONFIG, "cpu") == first


def test_large_shapes_are_scaled_from_one_that_is_measured_once(measured):
    """A layer of twice the width has four times the weights, and a head with the same tokens twice as many."""
    large, larger = (calibrated(shaped(hidden), "cpu") for hidden in (4096, 8192))
    assert measured == [(dict(REFERENCE), "cpu")]
    assert large.scaled
    assert larger.calibration.layer.forward == pytest.approx(4 * large.calibration.layer.forward, rel=1e-3)
    assert larger.calibration.layer.backward_input == pytest.approx(larger.calibration.layer.forward / 2)
    assert larger.calibration.head.forward == pytest.approx(2 * large.calibration.head.forward)
    assert larger.calibration.optimizer == large.calibration.optimizer
    assert not calibrated(CONFIG, "cpu").scaled
    assert not calibrated(shaped(4096), "cuda:0").scaled


def test_the_reference_is_its_own_measure():
    speed = Speed(1.0, 2.0, 3.0)
    itself = Calibration(layer=speed, head=speed, optimizer=4.0)
    assert is_measurable(REFERENCE, "cpu")
    assert scaled(itself, REFERENCE) == itself


def shaped(hidden):
    heads = {"num_attention_heads": 32, "num_key_value_heads": 32, "num_hidden_layers": 2}
    return {"model_type": "llama", "hidden_size": hidden, "intermediate_size": 4 * hidden, "vocab_size": 1000, **heads}
