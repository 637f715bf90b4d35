"""A promotion lies in the run folder with its evidence, and what was changed since is named."""

import json

import pytest

from harness.bundle.promotion import PROMOTION, promote, recheck
from harness.cli import main
from harness.errors import ComparisonError, DamagedError
from harness.ledger.artefacts import read_sealed, write_sealed
from helpers.runs import scored_run, with_adapters


@pytest.fixture
def spec(tiny_spec):
    document = json.loads(tiny_spec.read_text())
    document["arms"] = {"production": {"adapters": ["./production"]}}
    document["seeds"] = [1]
    document["comparison"] = {
        "reference": "production",
        "candidates": ["lora--tiny"],
        "sesoi": 0.02,
        "require_gain": False,
        "gate": {"rules": ["drop:sums=1%"]},
    }
    tiny_spec.write_text(json.dumps(document))
    (tiny_spec.parent / "production").mkdir()
    return tiny_spec


@pytest.fixture
def run(tmp_path, spec):
    return with_adapters(tmp_path / "run", spec, items=400, skills={"production": 0.5, "lora--tiny": 0.9})


def test_the_decision_and_its_evidence_stand_in_one_file(run):
    found = promote(run)
    record = read_sealed(run.folder / PROMOTION)
    assert found.choice == record["decision"]["choice"] == "promote"
    assert record["decision"]["arm"] == "lora--tiny"
    assert record["decision"]["rules"] == ["drop:sums=1%"]  # the spec's
    (lora,) = record["cells"]["lora--tiny"]
    assert len(lora["weights_sha256"]) == 64
    assert set(lora["scores_sha256"]) == {"sums", "sums_far"}
    assert recheck(run.folder).same


def test_what_was_changed_since_is_named(run):
    promote(run)
    cell = next(each.cell for each in run.outcomes if each.cell.recipe == "lora--tiny")
    (run.cell_folder(cell) / "adapter" / "adapter_model.safetensors").write_bytes(b"others")
    found = recheck(run.folder)
    assert not found.same
    assert any("adapter_model.safetensors" in each for each in found.differences)


def test_a_decision_that_does_not_follow_is_named(run):
    promote(run)
    record = read_sealed(run.folder / PROMOTION)
    record["decision"]["choice"] = "keep"
    write_sealed(run.folder / PROMOTION, record)
    assert any("$.decision.choice is 'keep'" in each for each in recheck(run.folder).differences)


def test_a_file_that_was_edited_is_damaged(run):
    promote(run)
    path = run.folder / PROMOTION
    path.write_text(path.read_text().replace('"promote"', '"keep"'))
    with pytest.raises(DamagedError, match="was changed since it was written"):
        recheck(run.folder)


def test_a_reference_that_the_run_trains_is_in_no_production(tmp_path, tiny_spec):
    run = scored_run(tmp_path / "run", tiny_spec)
    with pytest.raises(ComparisonError, match=r"'full--default' is trained by the run itself\. Declare the model in"):
        promote(run)


def test_the_verbs(run, capsys):
    assert main(["verify", str(run.folder)]) == 64
    assert "`harness promote" in capsys.readouterr().err
    assert main(["promote", str(run.folder)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Promote lora--tiny: lora--tiny passes every rule and is shown to be better than production" in said
    assert main(["verify", str(run.folder)]) == 0
    assert "the same: its scores give its decision" in capsys.readouterr().out
    assert main(["promote", str(run.folder), "--gate", "threshold:sums=0.95", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["choice"] == "roll back"
