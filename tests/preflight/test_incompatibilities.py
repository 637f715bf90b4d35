"""What cannot be trained is found before anything is, whatever it was declared in."""

import re
from dataclasses import replace

import pytest
from transformers.training_args import OptimizerNames

from harness.errors import HarnessError, InternalError, RecipeError, UsageError
from harness.preflight import incompatibilities as preflight
from harness.preflight.incompatibilities import check_device, check_launch, check_recipes
from harness.spec import load
from harness.spec.records import Execution, Layers


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


@pytest.mark.parametrize(
    ("kind", "device", "devices", "words"),
    [
        ("MULTI_GPU", "cuda", 1, "asks for 2 processes .num_processes., and PyTorch sees 1 accelerator here"),
        ("MULTI_GPU", "cpu", None, "launches on accelerators, and the cells' device is cpu"),
        ("MULTI_CPU", "cuda", 8, "launches on processors, and the cells' device is cuda. Give --device cpu"),
    ],
)
def test_a_launch_on_devices_that_are_not_there_is_refused(kind, device, devices, words):
    execute = Execution(launch="accelerate", config={"distributed_type": kind, "num_processes": 2})
    with pytest.raises(UsageError, match=words):
        check_launch(execute, device, devices)
    check_launch(Execution(), device, devices)


def test_a_step_that_processes_cannot_share_alike_is_refused_before_training(tiny_spec):
    experiment = load(tiny_spec)
    config = {"distributed_type": "MULTI_CPU", "num_processes": 3}
    experiment = replace(experiment, execute=replace(experiment.execute, launch="accelerate", config=config))
    assert "per_device_train_batch_size 2 × gradient_accumulation_steps 1 = 2 examples a step" in reasons(
        experiment, "cpu"
    )


def with_blocks(tiny_spec, **blocks):
    """Return the experiment with one more LoRA-like recipe a block, called ``m--<name>``."""
    experiment = load(tiny_spec)
    lora = experiment.recipes[1]
    broken = [
        replace(lora, method="m", name=name, peft={"target_modules": ["q_proj"], **block}, layers=Layers())
        for name, block in blocks.items()
    ]
    return replace(experiment, recipes=(*experiment.recipes, *broken))


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"peft_type": "LORA", "r": 2, "layer_replication": [[0, 1], [0, 2]]}, "layer_replication makes a model of"),
        ({"peft_type": "LORA", "r": 2, "layer_replication": [[0, 9]]}, "layer_replication makes a model of"),
        ({"peft_type": "LORA", "r": 2, "megatron_config": {"a": 1}}, "ModuleNotFoundError: No module named 'megatron'"),
        ({"peft_type": "XLORA", "target_modules": None}, "XLoraConfig has no fields"),
        ({"peft_type": "TRAINABLE_TOKENS", "target_modules": ["embed_tokens"]}, "leaves no weight of this model"),
    ],
)
def test_what_peft_breaks_down_on_names_its_recipe_and_hides_no_other(tiny_spec, block, words):
    experiment = with_blocks(tiny_spec, broken=block, late={"peft_type": "LORA", "r": 0})
    with pytest.raises(RecipeError) as refused:
        check_recipes(experiment, experiment.model.config, "cpu")
    first, *rest = str(refused.value).splitlines()
    assert first.startswith("m--broken: ")
    assert re.search(words, first)
    assert any(line.startswith("m--late: ") for line in rest)


def test_a_fault_of_our_own_is_told_as_one_beside_what_is_wrong_with_the_others(tiny_spec, monkeypatch, capsys):
    experiment = with_blocks(tiny_spec, late={"peft_type": "LORA", "r": 0})
    looked_at = preflight.incompatibilities

    def broken(recipe, *more, **options):
        if recipe.id == "lora--tiny":
            raise ZeroDivisionError("division by zero")
        return looked_at(recipe, *more, **options)

    monkeypatch.setattr(preflight, "incompatibilities", broken)
    with pytest.raises(InternalError) as died:
        check_recipes(experiment, experiment.model.config, "cpu")
    assert died.value.exit_code == 70
    assert "lora--tiny: looking at it failed (ZeroDivisionError: division by zero)" in str(died.value)
    assert "m--late: " in str(died.value)
    assert "Traceback" in capsys.readouterr().err


def test_an_optimizer_of_a_package_that_is_not_there_is_refused_before_training(tiny_spec, monkeypatch):
    experiment = load(tiny_spec)
    asked = {"optim": "galore_adamw", "optim_target_modules": ["self_attn", "mlp"]}
    experiment = replace(experiment, training={**experiment.training, **asked})
    monkeypatch.setattr(preflight, "find_spec", lambda name: None)
    with pytest.raises(RecipeError, match="'galore_adamw' needs a package that is not installed: `pip install galore-"):
        check_recipes(experiment, None, "cpu")
    monkeypatch.setattr(preflight, "find_spec", lambda name: object())
    check_recipes(experiment, None, "cpu")


def test_every_optimizer_of_another_package_is_known_by_how_its_name_begins():
    names = {each.value for each in OptimizerNames}
    for start in preflight._BROUGHT_BY:
        assert any(name.partition("_")[0] == start for name in names)
