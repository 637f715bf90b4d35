import pytest
import torch
from transformers import TrainerControl, TrainerState, TrainingArguments

from harness.methods.adapt import adapt
from harness.methods.store import load, save
from harness.spec.records import Recipe

PEFT = {
    "peft_type": "ADALORA", "init_r": 6, "target_r": 2, "lora_alpha": 12, "target_modules": ["q_proj", "down_proj"],
    "tinit": 10, "tfinal": 30, "total_step": 100,
}  # fmt: skip
RECIPE = Recipe(method="adalora", name="test", peft=PEFT)
STEPS = 20


def living_ranks(model):
    values = [w for name, w in model.named_parameters() if "lora_E" in name]
    return sum(int(torch.count_nonzero(value)) for value in values), len(values)


def trained(model, batches, tmp_path):
    """A plain training loop that calls the callbacks where a trainer does."""
    adapted = adapt(model, RECIPE, seed=0)
    args, control = TrainingArguments(output_dir=str(tmp_path), use_cpu=True), TrainerControl()
    state = TrainerState(max_steps=STEPS)
    (callback,) = adapted.callbacks
    callback.on_train_begin(args, state, control)
    optimizer = torch.optim.AdamW([w for w in adapted.model.parameters() if w.requires_grad], lr=0.01)
    batch, history = next(iter(batches())), []
    for step in range(STEPS):
        state.global_step = step
        adapted.model(**batch).loss.backward()
        optimizer.step()
        callback.on_optimizer_step(args, state, control)
        optimizer.zero_grad()
        history.append(living_ranks(adapted.model)[0])
    return adapted, history


def test_the_schedule_is_fitted_to_the_run(tiny, batches, tmp_path):
    adapted, _ = trained(tiny(), batches, tmp_path)
    config = adapted.model.peft_config["default"]
    assert (config.tinit, config.tfinal, config.total_step) == (2, 6, STEPS)


def test_ranks_are_pruned_to_the_budget_and_stay_pruned(tiny, batches, tmp_path):
    adapted, history = trained(tiny(), batches, tmp_path)
    _, modules = living_ranks(adapted.model)
    assert history[1] == 6 * modules
    assert history[13:] == [2 * modules] * 7
    assert sorted(history, reverse=True) == history


@pytest.mark.filterwarnings("ignore:The following rank_pattern keys")  # PEFT reads AdaLoRA's pattern as LoRA's
def test_what_was_pruned_is_not_saved(tiny, batches, tmp_path):
    adapted, _ = trained(tiny(), batches, tmp_path / "run")
    save(adapted, tmp_path / "saved")
    loaded = load(tiny(), RECIPE, tmp_path / "saved")
    kept = sum(w.numel() for name, w in loaded.model.named_parameters() if "lora_E" in name)
    assert kept == living_ranks(adapted.model)[0]


def test_the_ranks_that_are_divided_by_do_not_train_where_weights_were_cast(tiny, tmp_path):
    adapted = adapt(tiny().to(torch.bfloat16), RECIPE, seed=0)
    trains = {name for name, weight in adapted.model.named_parameters() if weight.requires_grad}
    assert trains
    assert not [name for name in trains if "ranknum" in name]
    save(adapted, tmp_path / "saved")
    loaded = load(tiny().to(torch.bfloat16), RECIPE, tmp_path / "saved")
    assert not [name for name, weight in loaded.model.named_parameters() if "ranknum" in name and weight.requires_grad]
