"""Harness's own diagnostics on the embedded model: one short training, of which the least is known."""

import pytest

from harness.cli import main
from harness.codec import decode
from harness.ledger import RunFolder
from harness.measured import AttentionDrift, Monitored, Path, RepresentationDrift, Spectrum
from helpers.quick import K8S, MANUALS, short, written

pytestmark = pytest.mark.real

SPEC = short(
    "looked-at",
    steps=2,
    validation={"limit": 2},
    recipes=["lora--last-half", "lora--r4"],
    comparison={"reference": "lora--r4", "candidates": ["lora--last-half"]},
    suites=[K8S, MANUALS, {"task": "world_facts", "role": "guard", "metric": "acc", "sesoi": 0.02}],
    evaluation={"limit": 4},
    execute={"workers": 1},
    diagnostics=[
        {"name": "spectrum", "options": {"leading": 0}},
        {"name": "attention_drift", "options": {"items": 2}},
        {"name": "representation_drift", "options": {"items": 2}},
        {"name": "activations", "options": {"items": 2}},
        {"name": "monitors", "options": {"every": 1, "rows": 2, "items": 2}},
        {"name": "training_path", "options": {"steps": [1], "line": [0, 1], "items": 2}},
    ],
)


def test_what_lies_below_the_adapter_does_not_move(tmp_path):
    assert main(["run", str(written(tmp_path, SPEC)), "--out", str(tmp_path / "run")]) == 0
    run = RunFolder(tmp_path / "run")
    half = next(each for each in run.outcomes if each.train_info and each.cell.recipe == "lora--last-half")
    found = {name: each.details for name, each in half.training.measurements.items()}
    spectrum = decode(Spectrum, found["spectrum"])
    assert {int(each.module.split(".")[2]) for each in spectrum.modules} == set(range(15, 30))
    drift = decode(RepresentationDrift, found["representation_drift"]).domains["in_domain"].cka
    assert drift[:15] == pytest.approx([1] * 15, abs=1e-9)
    assert drift[-1] < 1
    attention = decode(AttentionDrift, found["attention_drift"]).domains["in_domain"].distance
    assert max(attention[:15]) == 0 < attention[-1]
    looks = decode(Monitored, found["monitors"]).looks
    assert [look.step for look in looks] == [0, 1, 2]
    assert looks[-1].train < looks[0].train
    path = decode(Path, found["training_path"])
    assert path.line[0].scores != path.line[1].scores
    assert {"spectrum_between_recipes"} == set(run.measurements)
