"""What layers are ranked by, once a run: the same choices and losses, and the ledger says who measured."""

import json

import pytest

from helpers.watchers import run

RECIPE = {
    "description": "the layers with the largest gradient",
    "peft": {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 2, "target_modules": ["q_proj", "v_proj"]},
    "probe_batches": 2,
}


@pytest.fixture
def declared(tiny_spec, tmp_path):
    def spec(*, more=None, **execute):
        recipes = {
            "lora--half": {**RECIPE, "layers": {"strategy": "gradient", "count": 1}},
            "lora--all-ranked": {**RECIPE, "layers": {"strategy": "gradient", "count": 2}},
            **(more or {}),
        }
        for name, recipe in recipes.items():
            (tmp_path / "adapters" / f"{name}.json").write_text(json.dumps(recipe))
        said = json.loads(tiny_spec.read_text())
        said |= {"recipes": ["full--default", *recipes], "seeds": [1], "execute": execute}
        said["comparison"]["candidates"] = list(recipes)
        tiny_spec.write_text(json.dumps(said))
        return tiny_spec

    return spec


def trained(done):
    return {each.cell.recipe: each for each in done.outcomes if each.train_info is not None and each.training.probes}


def test_one_cell_measures_for_all_and_nothing_but_time_changes(declared, tmp_path):
    plain, _ = run(declared(threads=1, shared_probes=False), tmp_path / "elsewhere" / "without")
    done, _ = run(declared(threads=1, workers=2), tmp_path / "runs" / "with")
    assert done.cell_ids == plain.cell_ids
    shared, own = trained(done), trained(plain)
    for recipe, each in shared.items():
        assert each.training.layers == own[recipe].training.layers
        assert each.training.losses == own[recipe].training.losses
        assert each.training.probes[0].scores == own[recipe].training.probes[0].scores
        spent = each.training.probes[0]
        assert each.costs.seconds.get("probe", 0.0) == (0.0 if spent.shared else spent.seconds)
    assert {each.training.probes[0].shared for each in own.values()} == {False}
    first, second = shared.values()
    assert {each.training.probes[0].shared for each in (first, second)} == {True, False}
    assert first.training.probe_seconds == second.training.probe_seconds > 0
    assert not (plain.folder / "probes").exists()

    (file,) = (done.folder / "probes").iterdir()
    file.write_text(file.read_text()[:40])
    matched = {
        "description": "the upper half, adapted twice: once to find the number of steps",
        "layers": {"strategy": "gradient", "count": 1},
        "probe_batches": 2,
        "compute": {"recipe": "lora--half", "measure": "time"},
    }
    again, watcher = run(declared(threads=1, more={"full--matched": matched}), done.folder)
    assert len(watcher.cells) == 1
    found = trained(again)["full--matched"]
    (probe,) = found.training.probes
    assert probe.shared is False
    assert probe.notes[0].startswith(f"measured again: {file.name} cannot be read")
    assert found.costs.seconds["probe"] == probe.seconds
