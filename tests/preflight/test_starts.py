"""Whether recipes can start from the adapters that they name: what is laid out for it, and how often."""

from dataclasses import replace

from harness.preflight import starts
from harness.spec import load
from harness.spec.existing import ExistingArm, Weights
from harness.spec.records import Layers, Start
from harness.testing.tiny_spec import CONFIG


def test_a_recipe_is_laid_out_once_for_all_seeds_unless_they_draw_its_layers(tiny_spec, tmp_path, monkeypatch):
    experiment = load(tiny_spec)
    (_, lora), start = experiment.recipes, Start(arm="production", then="continue")
    alike = replace(lora, name="alike", start=start)
    drawn = replace(lora, name="drawn", start=start, layers=Layers(strategy="random", count=1))
    weights = tuple(Weights(path=str(tmp_path)) for _ in range(3))
    arm = ExistingArm(name="production", kind="adapter", weights=weights)
    laid_out = []
    monkeypatch.setattr(starts, "shape_of", lambda recipe, _, *, seed: laid_out.append((recipe.name, seed)) or recipe)
    monkeypatch.setattr(starts, "misfits", lambda recipe, _, shape: [] if shape() is recipe else ["another's shape"])
    monkeypatch.setattr(starts, "folder_of", lambda _: tmp_path)
    starts.check_starts(replace(experiment, seeds=(1, 2, 3), recipes=(alike, drawn), arms=(arm,)), CONFIG)
    assert laid_out == [("alike", 1), ("drawn", 1), ("drawn", 2), ("drawn", 3)]
