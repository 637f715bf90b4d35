"""Arms that were trained elsewhere, by plain scripts: scored, judged, resumed, adopted and bundled as any other."""

import json

import pytest
import torch
from safetensors.torch import load_file

from harness.bundle.make import make
from harness.bundle.verify import verify
from harness.compare.costs import costs_of
from harness.compare.design_of_run import design_of
from harness.errors import HarnessError
from harness.execution.subject import load_cell
from harness.ledger.examine import examine
from harness.records import CellResult
from harness.testing.tiny_spec import write_tiny_spec
from harness.verdict import judge_run
from harness.verdict.decision import decide
from helpers.trained_elsewhere import adapter, base, checkpoint
from helpers.watchers import run

ARMS = {
    "theirs": {"adapters": ["./a2", {"path": "./a1", "seed": 1}]},
    "whole": {"models": ["./m1", "./m2"]},
}


@pytest.fixture(scope="module")
def mixed(tmp_path_factory, tiny_tokenizer_folder):
    """A trained recipe beside two adapters, of which one has a known seed, and two checkpoints; run once."""
    folder = tmp_path_factory.mktemp("mixed")
    path = write_tiny_spec(folder, tiny_tokenizer_folder)
    for seed in (1, 2):
        adapter(folder / f"a{seed}", seed)
        checkpoint(folder / f"m{seed}", seed)
    spec = json.loads(path.read_text())
    comparison = {**spec["comparison"], "reference": "whole", "candidates": ["theirs", "lora--tiny"]}
    path.write_text(json.dumps({**spec, "recipes": ["lora--tiny"], "arms": ARMS, "comparison": comparison}))
    ledger, watcher = run(path, folder / "runs" / "one")
    assert watcher.cells == list(ledger.cell_ids)
    return path, ledger


def of(ledger):
    """Return the outcomes of a run by recipe and seed."""
    return {(each.cell.recipe, each.cell.seed): each for each in ledger.outcomes}


def test_what_was_trained_elsewhere_is_scored_beside_what_is_trained_here(mixed):
    path, ledger = mixed
    results = of(ledger)
    assert all(isinstance(each, CellResult) for each in results.values())
    assert list(results) == [
        ("base", None),
        *((name, seed) for seed in (1, 2) for name in ("lora--tiny", "theirs", "whole")),
    ]
    assert [each.cell.id.rpartition("--")[0] for each in results.values() if each.run_info.existing] == [
        *("theirs--s1", "whole--unknown-1", "theirs--unknown-2", "whole--unknown-2")
    ]
    said = results["theirs", 1].run_info.existing
    assert (said.kind, said.source, said.seed) == ("adapter", str(path.parent / "a1"), 1)
    assert results["theirs", 1].train_info is None


def test_it_is_judged_with_what_that_means_in_the_notes_and_its_costs_left_blank(mixed):
    _, ledger = mixed
    design = design_of(ledger)
    assert [arm.name for arm in design.arms] == ["whole", "theirs", "lora--tiny"]
    assert [[each.seed for each in arm.runs] for arm in design.arms] == [[None, None], [1, None], [1, 2]]
    verdicts = judge_run(ledger)
    first, second = [note for note in verdicts.notes if note.startswith(("not trained here", "seeds of"))]
    assert "not trained here: theirs (2 adapters), whole (2 models)" in first
    assert "seeds of theirs, whole are not known" in second
    costs = costs_of(ledger)
    assert [each.recipe for each in costs.recipes] == ["lora--tiny"]
    assert decide(verdicts.recommendation, costs).recipe is None
    assert not [each for each in examine(ledger.folder) if each.status == "fail"]


def test_a_cell_is_the_model_that_a_plain_script_trained(mixed):
    path, ledger = mixed
    cells = {which: ledger.cell_folder(each.cell) for which, each in of(ledger).items()}
    ids = torch.arange(3, 19).view(2, 8)
    whole = base()
    whole.load_state_dict(load_file(path.parent / "m1" / "model.safetensors"), strict=False)
    torch.testing.assert_close(load_cell(cells["whole", 1]).model(input_ids=ids).logits, whole(input_ids=ids).logits)
    weights = load_file(path.parent / "a1" / "adapter_model.safetensors")
    adapted = load_cell(cells["theirs", 1]).model.state_dict()
    for name, each in weights.items():
        torch.testing.assert_close(adapted[name.replace(".weight", ".default.weight")], each)


def test_it_is_resumed_and_adopted_as_any_other(mixed):
    path, ledger = mixed
    _, again = run(path, ledger.folder)
    assert again.cells == []
    beside, adopted = run(path, ledger.folder.parent / "two")
    assert adopted.cells == []
    assert beside.cell_ids == ledger.cell_ids


def test_arms_alone_are_an_experiment_whose_bundle_verifies(mixed):
    path, ledger = mixed
    spec = json.loads(path.read_text())
    del spec["recipes"], spec["training"]
    spec["comparison"]["candidates"] = ["theirs"]
    alone = path.with_name("alone.json")
    alone.write_text(json.dumps({**spec, "name": "alone"}))
    found, watcher = run(alone, ledger.folder.parent / "alone")
    assert len(found.outcomes) == 5
    assert watcher.cells == []  # all are adopted
    make(found, path.parent / "alone.bundle", {})
    assert verify(path.parent / "alone.bundle").same


def test_an_adapter_of_another_base_stops_the_run_before_anything_is_scored(mixed):
    path, ledger = mixed
    spec = json.loads(path.read_text())
    spec["model"]["config"] |= {"hidden_size": 64}
    other = path.with_name("other.json")
    other.write_text(json.dumps(spec))
    with pytest.raises(HarnessError, match="it was not trained from random-llama"):
        run(other, ledger.folder.parent / "other")
    assert not list(ledger.folder.parent.glob("other/cells/*"))
