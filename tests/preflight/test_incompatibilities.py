"""What cannot be trained is found before anything is, whatever it was declared in."""

from dataclasses import replace

import pytest

from harness.errors import HarnessError, UsageError
from harness.preflight.incompatibilities import check_device, check_recipes
from harness.spec import load


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("optim", "adamm", "adamm is not a valid OptimizerNames"),
        ("lr_scheduler_type", "cosinus", "cosinus is not a valid SchedulerType"),
        ("per_device_train_batch_size", 0, "per_device_train_batch_size is 0, with which nothing is trained"),
        ("max_steps", 0, "max_steps is 0, with which nothing is trained"),
        ("fsdp", "full_shard", "fsdp spreads a model over processes that a launcher starts"),
        ("deepspeed", {"zero_optimization": {"stage": 3}}, "deepspeed spreads a model over processes"),
    ],
)
def test_training_fields_that_cannot_work_are_refused_before_training(tiny_spec, field, value, words):
    experiment = load(tiny_spec)
    experiment = replace(experiment, training={**experiment.training, field: value})
    with pytest.raises(HarnessError, match=f"lora--tiny: training.*{words}"):
        check_recipes(experiment, experiment.model.config, "cpu")


def reasons(experiment, device):
    with pytest.raises(HarnessError) as refused:
        check_recipes(experiment, experiment.model.config, device)
    return str(refused.value)


@pytest.mark.parametrize("device", ["cpu", "mps"])
def test_a_plain_experiment_runs_on_any_device(tiny_spec, device):
    experiment = load(tiny_spec)
    check_recipes(experiment, experiment.model.config, device)


def test_quantized_weights_need_another_device_than_apple_silicon(tiny_spec):
    experiment = load(tiny_spec)
    full, lora = experiment.recipes
    packed = replace(experiment, recipes=(full, replace(lora, quantization={"load_in_8bit": True})))
    check_recipes(packed, packed.model.config, "cpu")
    assert "lora--tiny: Quantized weights need CUDA or a CPU" in reasons(packed, "mps")


def test_apple_silicon_computes_in_float32(tiny_spec):
    experiment = load(tiny_spec)
    half = replace(experiment, model=replace(experiment.model, dtype="bfloat16"))
    assert reasons(half, "mps") == (
        "model.dtype is bfloat16; on Apple silicon only float32 is trained and scored. Use it, CUDA or a CPU."
    )
    mixed = replace(experiment, training={**experiment.training, "bf16": True})
    assert "full--default: training.bf16 needs CUDA or a CPU" in reasons(mixed, "mps")


@pytest.mark.parametrize("optimizer", ["adamw_8bit", "paged_adamw_32bit", "rmsprop_bnb", "ademamix"])
def test_optimizers_of_bitsandbytes_need_another_device_than_apple_silicon(tiny_spec, optimizer):
    experiment = load(tiny_spec)
    other = replace(experiment, training={**experiment.training, "optim": optimizer})
    check_recipes(other, other.model.config, "cpu")
    assert f"training.optim '{optimizer}' is bitsandbytes' and needs CUDA or a CPU" in reasons(other, "mps")


def test_a_device_that_is_not_there_is_refused_before_training(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(UsageError, match="the device cuda is asked for, and PyTorch sees none here"):
        check_device("cuda")


def test_of_a_cpu_nothing_is_asked(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: pytest.fail("asked for a GPU"))
    check_device("cpu")
