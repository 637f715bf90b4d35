"""A batch that is read in parts makes the step that it makes whole: the gradient, the loss, the order of examples."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import TrainerCallback

from harness.methods.adapt import adapt
from harness.sources import models
from harness.spec.records import Model, Recipe
from harness.training import ValidationSet, train
from harness.training.packing import IGNORED
from harness.training.parts import parts_of
from harness.training.trainer import CompletionTrainer

FIELDS = {
    "per_device_train_batch_size": 4,
    "gradient_accumulation_steps": 2,
    "max_length": 64,
    "learning_rate": 1e-3,
    "max_grad_norm": 0.0,  # clipping would hide a factor
}
LORA = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 2, "target_modules": ["q_proj", "v_proj"]}
RECIPES = {
    "full": Recipe(method="full", name="x"),
    "lora": Recipe(method="lora", name="x", peft=LORA),
    "prompt": Recipe(
        method="prompt",
        name="x",
        peft={"peft_type": "PROMPT_TUNING", "task_type": "CAUSAL_LM", "num_virtual_tokens": 3},
    ),
}
# Lengths differ much, so that parts that weighed alike would show, and the last batch of an epoch is a short one.
ROWS = [{"prompt": "Q" * (5 + 7 * (n % 3)), "completion": " a" * (1 + 4 * (n % 4))} for n in range(10)]


class Gradients(TrainerCallback):
    """Keeps the gradient of every step."""

    def __init__(self):
        self.found = []

    def on_pre_optimizer_step(self, args, state, control, *, model, **kwargs):
        named = ((name, weight.grad) for name, weight in model.named_parameters())
        self.found.append({name: grad.clone() for name, grad in named if grad is not None})


@pytest.fixture
def trained(tiny_model):
    def run(name, rows_at_once, *, padding_free=True, validation=None, **changes):
        loaded = models.load(Model(**tiny_model))
        gradients = Gradients()
        result = train(
            adapt(loaded.model, RECIPES[name], seed=1),
            loaded.tokenizer,
            ROWS,
            {**FIELDS, "max_steps": 3, **changes},
            seed=1,
            on_step=lambda *_: None,
            callbacks=[gradients],
            padding_free=padding_free,
            rows_at_once=rows_at_once,
            validation=validation,
        )
        return result, gradients.found

    return run


def alike(found, expected):
    for step, whole in zip(found, expected, strict=True):
        assert step.keys() == whole.keys()
        for name, gradient in whole.items():
            torch.testing.assert_close(step[name], gradient, rtol=1e-3, atol=2e-5)


@pytest.mark.parametrize(("name", "padding_free"), [("full", True), ("full", False), ("lora", True), ("prompt", True)])
def test_the_gradient_of_every_step_is_that_of_whole_batches(trained, name, padding_free):
    whole, expected = trained(name, None, padding_free=padding_free)
    for rows_at_once in (1, 3):
        parted, found = trained(name, rows_at_once, padding_free=padding_free)
        alike(found, expected)
        assert parted.losses == pytest.approx(whole.losses, abs=2e-4)
        assert (parted.order, parted.drawn_again) == (whole.order, whole.drawn_again)
        assert (parted.examples, parted.tokens, parted.steps) == (whole.examples, whole.tokens, whole.steps)
        assert parted.engine == whole.engine
    assert whole.engine.startswith("padding-free" if padding_free and name != "prompt" else "padded: ")


def test_it_is_the_gradient_of_half_the_batch_accumulated_twice_as_often(trained):
    """As transformers accumulates by itself, with the loss divided by the labels of the whole step."""
    halved = {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 4}
    _, expected = trained("lora", None, **halved)
    _, found = trained("lora", 2)
    alike(found, expected)


def test_trls_own_loss_in_parts_is_that_of_whole_batches(trained, monkeypatch):
    """As on CUDA."""
    made = CompletionTrainer.__init__

    def by_trl(self, *args, **kwargs):
        made(self, *args, **kwargs)
        self._by_trl = True

    monkeypatch.setattr(CompletionTrainer, "__init__", by_trl)
    for padding_free in (True, False):
        _, expected = trained("lora", None, padding_free=padding_free)
        _, found = trained("lora", 1, padding_free=padding_free)
        alike(found, expected)


def test_what_is_recomputed_in_the_backward_pass_has_the_same_gradient(trained):
    _, expected = trained("full", None)
    for rows_at_once in (None, 2):
        _, found = trained("full", rows_at_once, gradient_checkpointing=True)
        alike(found, expected)


def test_rows_that_an_epoch_drops_stay_the_same(trained):
    whole, _ = trained("lora", None, dataloader_drop_last=True, max_steps=-1, num_train_epochs=2)
    parted, _ = trained("lora", 1, dataloader_drop_last=True, max_steps=-1, num_train_epochs=2)
    assert (parted.order, parted.steps, parted.examples) == (whole.order, whole.steps, whole.examples)
    assert whole.examples == 2 * 8


def test_the_loss_on_validation_rows_is_that_of_whole_batches(trained):
    held_out = ValidationSet(rows=ROWS[:7], every=1)
    whole, _ = trained("lora", None, validation=held_out)
    parted, _ = trained("lora", 1, validation=held_out)
    assert [step for step, _ in parted.validation_losses] == [step for step, _ in whole.validation_losses]
    losses = [[loss for _, loss in each.validation_losses] for each in (parted, whole)]
    assert losses[0] == pytest.approx(losses[1], abs=2e-4)
    assert parted.held_out.nats == pytest.approx(whole.held_out.nats, abs=2e-3)


def test_no_more_rows_are_read_at_once_than_were_settled(tiny_model):
    loaded = models.load(Model(**tiny_model))
    seen = []
    loaded.model.register_forward_pre_hook(lambda _, __, given: seen.append(len(given["input_ids"])), with_kwargs=True)
    fields = {**FIELDS, "max_steps": 1}
    adapted = adapt(loaded.model, RECIPES["full"], seed=1)
    train(adapted, loaded.tokenizer, ROWS, fields, seed=1, on_step=lambda *_: None, rows_at_once=3)
    assert seen == [3, 1, 3, 1]


def test_a_mixtures_router_has_a_loss_of_the_whole_batch_which_stays_whole(random_model, tiny_model):
    adapted = adapt(random_model("mixtral", output_router_logits=True), RECIPES["full"], seed=1)
    seen = []
    adapted.model.register_forward_pre_hook(lambda _, __, given: seen.append(len(given["input_ids"])), with_kwargs=True)
    fields = {**FIELDS, "max_steps": 1}
    words = models.tokenizer(Model(**tiny_model))
    train(adapted, words, ROWS, fields, seed=1, on_step=lambda *_: None, rows_at_once=1)
    assert set(seen) == {4}


@given(st.lists(st.integers(1, 9), min_size=1, max_size=7), st.one_of(st.none(), st.integers(1, 8)))
def test_parts_hold_every_row_once_in_order_and_no_column_of_padding_alone(lengths, rows):
    width = max(lengths) + 2
    mask = torch.tensor([[1] * length + [0] * (width - length) for length in lengths])
    ids = torch.arange(mask.numel()).reshape(mask.shape)
    inputs = {"input_ids": ids, "attention_mask": mask, "labels": ids.masked_fill(mask == 0, IGNORED)}
    parts = parts_of(inputs, rows)
    kept = [part["input_ids"][part["attention_mask"].bool()] for part in parts]
    assert torch.equal(torch.cat(kept), ids[mask.bool()])
    assert all((part["labels"] != IGNORED).equal(part["attention_mask"].bool()) for part in parts)
    if rows is not None and rows < len(lengths):
        assert [len(part["input_ids"]) for part in parts] == [
            len(lengths[start : start + rows]) for start in range(0, len(lengths), rows)
        ]
        assert all(bool(part["attention_mask"].any(0).all()) for part in parts)
