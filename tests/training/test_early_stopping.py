"""Stopping by validation loss: the best weights are kept, and validation rows change nothing else."""

import pytest
import torch

from harness.methods.adapt import adapt
from harness.sources import models
from harness.spec.records import Bottleneck, EarlyStopping, Model, Recipe
from harness.training import ValidationSet, train

FIELDS = {"max_steps": 12, "per_device_train_batch_size": 2, "max_length": 64, "lr_scheduler_type": "constant"}
LORA = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 2, "target_modules": ["q_proj", "v_proj"]}
PROMPT = {"peft_type": "PROMPT_TUNING", "task_type": "CAUSAL_LM", "num_virtual_tokens": 3}
RECIPES = {
    "full": Recipe(method="full", name="x"),
    "lora": Recipe(method="lora", name="x", peft=LORA),
    "prompt": Recipe(method="prompt", name="x", peft=PROMPT),
    "bottleneck": Recipe(
        method="bottleneck", name="x", bottleneck=Bottleneck(placement="pfeiffer", reduction_factor=8)
    ),
}
ROWS = [{"prompt": f"Question: {n} + 1\nAnswer:", "completion": f" {n + 1} and some more"} for n in range(10)]
OTHER = [{"prompt": "Name a colour:", "completion": f" the {n}th of blue"} for n in range(4)]


@pytest.fixture
def trained(tiny_model):
    def run(name, *, validation=None, **changes):
        loaded = models.load(Model(**tiny_model))
        adapted = adapt(loaded.model, RECIPES[name], seed=1)
        fields = {**FIELDS, **changes}
        result = train(adapted, loaded.tokenizer, ROWS, fields, seed=1, on_step=lambda *_: None, validation=validation)
        return adapted, loaded.tokenizer, result

    return run


def stopping(patience, *, steps=2):
    return ValidationSet(rows=OTHER, early_stopping=EarlyStopping(patience=patience, eval_steps=steps))


@pytest.mark.parametrize("name", RECIPES)
def test_the_weights_of_the_least_validation_loss_are_kept(trained, name):
    adapted, tokenizer, result = trained(name, validation=stopping(20), learning_rate=0.05)
    losses = dict(result.validation_losses)
    assert result.best_step == min(losses, key=losses.get)
    again = train(
        adapted,
        tokenizer,
        ROWS,
        {**FIELDS, "max_steps": 1, "learning_rate": 0.0},
        seed=1,
        on_step=lambda *_: None,
        validation=ValidationSet(rows=OTHER),
    )
    assert again.validation_loss == pytest.approx(result.validation_loss, abs=1e-5)


def test_training_ends_when_patience_does(trained):
    # A rate this high only makes things worse.
    _, _, result = trained("lora", validation=stopping(2), learning_rate=5.0)
    assert result.steps < 12
    assert result.steps == result.best_step + 2 * 2


def test_the_validation_loss_is_taken_once_where_it_does_not_decide(trained):
    _, _, result = trained("lora", validation=ValidationSet(rows=OTHER), learning_rate=0.01)
    assert [step for step, _ in result.validation_losses] == [12]
    assert result.best_step is None
    assert result.validation_loss == result.validation_losses[-1][1]


def test_a_run_shorter_than_the_first_evaluation_is_judged_at_its_end(trained):
    _, _, result = trained("lora", validation=stopping(1, steps=50), learning_rate=0.01)
    assert [step for step, _ in result.validation_losses] == [12]


@pytest.mark.parametrize("name", ["lora", "prompt"])
def test_validation_changes_nothing_of_training(trained, name):
    plain, _, without = trained(name, learning_rate=0.01)
    judged, _, with_rows = trained(name, validation=stopping(20), learning_rate=0.01)
    assert without.losses == with_rows.losses
    assert without.tokens == with_rows.tokens
    assert without.validation_loss is None
    if with_rows.best_step == with_rows.steps:
        for (_, one), (_, two) in zip(plain.model.named_parameters(), judged.model.named_parameters(), strict=True):
            assert torch.equal(one, two)
