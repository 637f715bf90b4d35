"""Arms that start from the adapter in production, run on stand-ins: continued, merged before, judged and promoted."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.bundle.model_folder import export_model
from harness.bundle.promotion import promote, recheck
from harness.errors import HarnessError, RecipeError
from harness.execution.subject import load_cell
from harness.records import CellResult
from harness.testing.tiny_spec import write_tiny_spec
from helpers.trained_elsewhere import adapter
from helpers.watchers import run

LORA = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 2, "target_modules": ["q_proj", "v_proj"]}
HALF = {"strategy": "last", "count": 1}
RECIPES = {
    "lora--continued": {"peft": LORA, "start": {"arm": "production", "then": "continue"}},
    "lora--on-merged": {"peft": LORA, "layers": HALF, "start": {"arm": "production", "then": "merge"}},
    "full--on-merged": {"start": {"arm": "production", "then": "merge"}},
    "lora--over": {"peft": LORA},
}
IDS = torch.arange(3, 19).view(2, 8)


def write(folder, tokenizer, **recipes):
    """Write a spec whose reference is an adapter, and whose recipes start from it."""
    path = write_tiny_spec(folder, tokenizer)
    for name, block in recipes.items():
        (folder / "adapters" / f"{name}.json").write_text(json.dumps(block))
    adapter(folder / "production", 1)
    spec = json.loads(path.read_text())
    spec |= {
        "seeds": [1],
        "keep_weights": True,
        "recipes": list(recipes),
        "arms": {"production": {"adapters": ["./production"]}},
    }
    spec["comparison"] |= {"reference": "production", "candidates": list(recipes), "require_gain": False}
    path.write_text(json.dumps(spec))
    return path


@pytest.fixture(scope="module")
def refreshed(tmp_path_factory, tiny_tokenizer_folder):
    """Four recipes beside the adapter in production; run once."""
    path = write(tmp_path_factory.mktemp("refreshed"), tiny_tokenizer_folder, **RECIPES)
    ledger, _ = run(path, path.parent / "runs" / "one")
    return path, ledger


def of(ledger):
    found = {each.cell.recipe: each for each in ledger.outcomes}
    assert all(isinstance(each, CellResult) for each in found.values()), found
    return found


def says(cell):
    with torch.no_grad():
        return load_cell(cell).model(input_ids=IDS).logits


def test_every_arm_is_trained_and_says_what_it_started_from(refreshed):
    path, ledger = refreshed
    results = of(ledger)
    production = results["production"].run_info.existing
    for name in ("lora--continued", "lora--on-merged", "full--on-merged"):
        start = results[name].run_info.start
        assert (start.kind, start.source) == ("adapter", str(path.parent / "production"))
        assert start.sha256 == production.sha256
    assert results["lora--over"].run_info.start is None
    for name in RECIPES:
        failed = [each for each in results[name].training.measurements.values() if each.passed is False]
        assert not failed, (name, failed)


def test_a_continued_adapter_goes_on_from_productions_weights(refreshed):
    path, ledger = refreshed
    cell = ledger.cell_folder(of(ledger)["lora--continued"].cell)
    before = load_file(path.parent / "production" / "adapter_model.safetensors")
    after = load_file(cell / "adapter" / "adapter_model.safetensors")
    assert after.keys() == before.keys()
    change = sum(float((after[name] - each).norm() ** 2) for name, each in before.items()) ** 0.5
    size = sum(float(each.norm() ** 2) for each in before.values()) ** 0.5
    assert 0 < change < 0.5 * size  # two steps: a fresh adapter would be as far as its norm


def test_nothing_is_shared_with_the_plain_base_where_another_was_merged(refreshed):
    _, ledger = refreshed
    results = of(ledger)
    assert all(each.prefix is None for each in results["lora--on-merged"].evaluations)
    spec = ledger.experiment
    assert spec.execute.frozen_prefix


def test_cells_stand_without_the_folder_that_they_started_from(refreshed, tmp_path):
    path, ledger = refreshed
    cells = {name: ledger.cell_folder(of(ledger)[name].cell) for name in RECIPES}
    before = {name: says(cell) for name, cell in cells.items()}
    assert not (cells["lora--continued"] / "adapter" / "start").exists()
    kept = sorted(each.name for each in (cells["lora--on-merged"] / "adapter" / "start").iterdir())
    assert kept == ["adapter_config.json", "adapter_model.safetensors"]
    (path.parent / "production").rename(tmp_path / "away")
    try:
        for name, cell in cells.items():
            torch.testing.assert_close(says(cell), before[name])
    finally:
        (tmp_path / "away").rename(path.parent / "production")


def test_it_is_resumed_and_promoted_as_any_other(refreshed):
    path, ledger = refreshed
    _, again = run(path, ledger.folder)
    assert again.cells == []
    found = promote(ledger)
    assert [each.arm for each in found.prospects] == list(RECIPES)
    assert recheck(ledger.folder).same


def test_an_adapter_on_a_merged_base_is_exported_whole_alone(refreshed, tmp_path):
    _, ledger = refreshed
    with pytest.raises(RecipeError, match="--merged exports it as whole weights"):
        export_model(ledger, "lora--on-merged--s1", tmp_path / "out")
    assert export_model(ledger, "lora--on-merged--s1", tmp_path / "whole", merged=True, items=4).agreement.holds
    assert export_model(ledger, "lora--continued--s1", tmp_path / "too", merged=True, items=4).agreement.holds


def test_other_bytes_of_the_adapter_are_other_cells(refreshed):
    path, ledger = refreshed
    file = path.parent / "production" / "adapter_model.safetensors"
    kept = file.read_bytes()
    save_file({name: each * 1.5 for name, each in load_file(file).items()}, file)
    try:
        other, watcher = run(path, ledger.folder.parent / "two")
    finally:
        file.write_bytes(kept)
    started = [each for each in watcher.cells if not each.startswith(("base", "lora--over"))]
    assert len(started) == 4
    assert not set(started) & set(ledger.cell_ids)
    assert set(other.cell_ids) - set(started) < set(ledger.cell_ids)  # the base, and who starts over, are taken over


def test_a_recipe_that_says_otherwise_stops_the_run_before_anything_is_trained(tmp_path, tiny_tokenizer_folder):
    block = {**RECIPES["lora--continued"], "peft": {**LORA, "r": 4}}
    path = write(tmp_path, tiny_tokenizer_folder, **{"lora--continued": block})
    with pytest.raises(HarnessError, match=r"lora--continued: .*production: it was trained otherwise .*r is 2 there"):
        run(path, tmp_path / "runs" / "one")
    assert not list(tmp_path.glob("runs/one/cells/*"))


def test_an_adapter_that_is_gone_or_pickled_stops_the_run_before_anything_is_trained(tmp_path, tiny_tokenizer_folder):
    path = write(tmp_path, tiny_tokenizer_folder, **{"lora--continued": RECIPES["lora--continued"]})
    shutil.rmtree(tmp_path / "production")
    adapter(tmp_path / "production", 1, safe=False)
    with pytest.raises(HarnessError, match=r"adapter_model\.bin may run code when it is read, and is not"):
        run(path, tmp_path / "runs" / "one")
    shutil.rmtree(tmp_path / "production")
    with pytest.raises(HarnessError, match="there is no folder"):
        run(path, tmp_path / "runs" / "one")
    assert not list(tmp_path.glob("runs/one/cells/*"))
