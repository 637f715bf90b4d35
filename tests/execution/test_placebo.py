"""A recipe beside its placebo: an arm of its own, named as what it is, and what the recipe gains over it."""

import json

import pytest

import harness
from harness.errors import HarnessError
from harness.plan.cells import plan_cells
from harness.spec import load
from helpers.contents import CONTENT
from helpers.watchers import run

PLACEBO = {"extends": "lora--tiny", "data": {"control": "permuted_answers"}}


@pytest.fixture
def placebo_spec(tiny_spec):
    """The tiny experiment on rows with forms, its LoRA beside its placebo."""
    folder = tiny_spec.parent
    (folder / "adapters" / "lora--dealt.json").write_text(json.dumps(PLACEBO))
    rows = [{"prompt": f"{n} + 1 =", "completion": f" {n + 1}", "form": "ab"[n % 2]} for n in range(12)]
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    declared = json.loads(tiny_spec.read_text())
    declared["data"] = {"source": "jsonl", "path": "rows.jsonl"}
    declared["recipes"].append("lora--dealt")
    tiny_spec.write_text(json.dumps(declared))
    return tiny_spec


def test_a_placebo_is_found_beside_the_recipe_that_it_copies(placebo_spec):
    assert load(placebo_spec).placebos == {"lora--tiny": "lora--dealt"}


def test_the_control_is_part_of_a_cells_identity(placebo_spec):
    planned = plan_cells(load(placebo_spec), CONTENT)
    ids = {each.cell.recipe: each.cell.id for each in planned}
    assert ids["lora--tiny"].rpartition("--")[2] != ids["lora--dealt"].rpartition("--")[2]


def test_a_run_reports_what_a_recipe_gains_over_its_placebo(placebo_spec, tmp_path):
    folder = tmp_path / "runs" / "tiny"
    ledger, _ = run(placebo_spec, folder)
    losses = {
        (one.cell.recipe, one.cell.seed): one.training.losses for one in ledger.outcomes if one.cell.seed is not None
    }
    assert losses["lora--tiny", 1] != losses["lora--dealt", 1]
    finished = harness.load_run(folder)
    content = finished.verdicts.to_json()
    assert [(one["arm"], one["placebo"], one["task"]) for one in content["placebos"]] == [
        ("lora--tiny", "lora--dealt", "sums"),
        ("lora--tiny", "lora--dealt", "sums_far"),
    ]
    assert content["placebo_level"] == pytest.approx(0.975)
    text = harness.report(finished)
    assert "Placebos (lora--dealt of lora--tiny)" in " ".join(text.split())
    assert "Over placebo: sums, acc" in text


def test_rows_that_cannot_be_dealt_stop_the_run_before_training(placebo_spec, tmp_path):
    rows = [{"prompt": f"{n}", "completion": " 1"} for n in range(12)]
    (placebo_spec.parent / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(HarnessError, match=r"lora--dealt: .*12 of 12 training rows have no `form`"):
        run(placebo_spec, tmp_path / "runs" / "tiny")
