"""The loss on held-out rows: taken on the way without a trace in the weights or the time, and row by row at the end."""

import pytest
import torch

from harness.methods.adapt import adapt
from harness.sources import models
from harness.spec.records import EarlyStopping, Model, Recipe
from harness.training import ValidationSet, train

FIELDS = {"max_steps": 5, "per_device_train_batch_size": 2, "max_length": 64, "learning_rate": 0.01}
LORA = {"peft_type": "LORA", "r": 2, "target_modules": ["q_proj", "v_proj"], "lora_dropout": 0.5}
PROMPT = {"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 3}
RECIPES = {
    "full": Recipe(method="full", name="x"),
    "lora": Recipe(method="lora", name="x", peft=LORA),
    "prompt": Recipe(method="prompt", name="x", peft=PROMPT),
}
ROWS = [{"prompt": f"Question: {n} + 1\nAnswer:", "completion": f" {n + 1} and some more"} for n in range(10)]
OTHER = [{"prompt": "Name a colour:", "completion": " blue" * n} for n in range(1, 6)]


@pytest.fixture
def trained(tiny_model):
    def run(name, validation=None, **changes):
        loaded = models.load(Model(**tiny_model))
        adapted = adapt(loaded.model, RECIPES[name], seed=1)
        fields = {**FIELDS, **changes}
        done = train(adapted, loaded.tokenizer, ROWS, fields, seed=1, on_step=lambda *_: None, validation=validation)
        return adapted.model, loaded.tokenizer, done

    return run


def weights(model):
    return torch.cat([weight.detach().flatten() for weight in model.parameters()])


def test_looking_every_few_steps_changes_no_weight(trained):
    plain, _, without = trained("lora")
    looked, _, done = trained("lora", ValidationSet(rows=OTHER, every=2))
    assert torch.equal(weights(plain), weights(looked))  # with dropout, which draws at every step
    assert done.losses == without.losses
    assert [step for step, _ in done.validation_losses] == [2, 4, 5]
    assert done.validation_loss == done.validation_losses[-1][1]
    assert done.best_step is None
    assert done.validation_seconds > 0
    assert without.held_out is None


def test_a_last_step_that_is_looked_at_anyway_is_looked_at_once(trained):
    _, _, done = trained("lora", ValidationSet(rows=OTHER, every=5))
    assert [step for step, _ in done.validation_losses] == [5]


@pytest.mark.parametrize("name", RECIPES)
def test_the_losses_of_rows_are_those_of_the_model_row_by_row(trained, name):
    model, tokenizer, done = trained(name, ValidationSet(rows=OTHER, every=3))
    for row, nats, tokens in zip(OTHER, done.held_out.nats, done.held_out.tokens, strict=True):
        prompt = tokenizer(row["prompt"])["input_ids"]
        whole = [*tokenizer(row["prompt"] + row["completion"])["input_ids"], tokenizer.eos_token_id]
        ids = torch.tensor([whole])
        with torch.no_grad():
            logits = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0, -len(whole) :]
        expected = torch.nn.functional.cross_entropy(
            logits[len(prompt) - 1 : -1], ids[0, len(prompt) :], reduction="sum"
        )
        assert tokens == len(whole) - len(prompt)
        assert nats == pytest.approx(float(expected), rel=1e-4)


def test_early_stopping_has_the_rows_of_its_best_step_and_its_time_counts(trained):
    stopping = EarlyStopping(patience=20, eval_steps=2)
    _, _, done = trained("lora", ValidationSet(rows=OTHER, early_stopping=stopping), learning_rate=0.05)
    batches = len(OTHER) / FIELDS["per_device_train_batch_size"]
    assert len(done.held_out.nats) == len(OTHER)
    assert done.held_out.loss == pytest.approx(done.validation_loss, rel=0.2 * batches)
    assert done.validation_seconds == 0
