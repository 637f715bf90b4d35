"""A run in bfloat16: every arm is scored in it, what trained was in float32, and both stand in the record."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from harness.evaluation import evaluate
from harness.execution.subject import load_cell
from harness.records import CellResult
from harness.report.sections.marks import marks
from harness.runs import Run, conclude
from helpers.watchers import run


@pytest.fixture(scope="module")
def half_spec(tmp_path_factory, tiny_tokenizer_folder):
    from harness.testing.tiny_spec import write_tiny_spec

    folder = tmp_path_factory.mktemp("half")
    path = write_tiny_spec(folder, tiny_tokenizer_folder)
    spec = json.loads(path.read_text())
    spec["model"]["dtype"], spec["seeds"], spec["keep_weights"] = "bfloat16", [1], True
    spec["validation"] = {"every": 1, "share": 0.25}
    path.write_text(json.dumps(spec))
    return path


@pytest.fixture(scope="module")
def finished(half_spec, tmp_path_factory):
    return run(half_spec, tmp_path_factory.mktemp("runs") / "half")[0]


def test_what_was_used_stands_in_the_record_and_nothing_is_marked(finished):
    assert [type(each) for each in finished.outcomes] == [CellResult] * 3
    for each in finished.outcomes[1:]:
        assert str(each.training.precision) == "trained in float32, computed in bfloat16, scored in bfloat16"
        found = each.training.measurements
        assert found["updates_kept"].passed is True
        assert found["base_unchanged"].passed is not False
        assert abs(found["loss_as_served"].value) < 0.05
        assert each.meta_info.model_info.dtype == "bfloat16"
    assert list(marks(finished)) == []


def test_the_held_out_loss_of_every_cell_is_reported_with_its_distance_from_the_references(finished):
    losses = {each.cell.recipe: each.training.held_out for each in finished.outcomes[1:]}
    assert {len(each.nats) for each in losses.values()} == {3}
    assert [step for step, _ in finished.outcomes[1].training.validation_losses] == [1, 2]
    assert finished.outcomes[1].costs.seconds["validate"] > 0
    concluded = conclude(Run(finished.folder))
    concluded.save()
    reference, candidate = json.loads((finished.folder / "held_out.json").read_text())["recipes"]
    assert reference["gap"] is None
    apart = losses["lora--tiny"].loss - losses["full--default"].loss
    assert candidate["gap"]["estimate"] == pytest.approx(apart)
    assert "Held-out loss in nats a token on 3 rows" in " ".join(concluded.text.split())


def test_whole_weights_are_kept_as_they_are_served_and_an_adapter_as_it_trained(finished):
    _, full, lora = (finished.cell_folder(each.cell) for each in finished.outcomes)
    assert {tensor.dtype for tensor in load_file(full / "weights" / "model.safetensors").values()} == {torch.bfloat16}
    saved = load_file(lora / "adapter" / "adapter_model.safetensors")
    assert {tensor.dtype for tensor in saved.values()} == {torch.float32}


def test_a_finished_cell_comes_back_as_it_was_scored(finished, half_spec, tmp_path):
    suite = finished.experiment.suites[0]
    for each in finished.outcomes[1:]:
        folder = finished.cell_folder(each.cell)
        loaded = load_cell(folder)
        assert {weight.dtype for weight in loaded.model.parameters()} == {torch.bfloat16}
        again = evaluate(
            loaded.model,
            loaded.tokenizer,
            suite,
            folder=tmp_path / each.cell.id,
            options=finished.experiment.evaluation,
            beside=half_spec.parent,
        )
        assert answers(tmp_path / each.cell.id / again.samples) == answers(folder / each.evaluations[0].samples)


def answers(samples):
    """Return the likelihoods of a sample file, bit for bit."""
    return [json.loads(line)["filtered_resps"] for line in samples.read_text().splitlines()]


def test_arms_of_another_precision_are_marked(finished):
    _, _, lora = finished.outcomes
    other = replace(lora.training.precision, computed="float32")
    changed = replace(lora, train_info=replace(lora.training, precision=other))

    class Changed:
        experiment, measurements, lock = finished.experiment, {}, finished.lock
        outcomes = (*finished.outcomes[:2], changed)

    (mark,) = marks(Changed)
    assert mark.text == (
        "precision differs: full--default trained in float32, computed in bfloat16, scored in bfloat16; "
        "lora--tiny trained in float32, computed in float32, scored in bfloat16"
    )


def test_a_device_without_bfloat16_is_said(finished):
    moved = [
        replace(each, meta_info=replace(each.meta_info, model_info=replace(each.meta_info.model_info, dtype="float16")))
        for each in finished.outcomes
    ]

    class Moved:
        experiment, measurements, outcomes = finished.experiment, {}, tuple(moved)
        lock = finished.lock

    assert [each.text for each in marks(Moved)] == [
        "model.dtype bfloat16 is not had on cpu: 2 of 2 cells computed in float16, with loss scaling"
    ]
