"""The gradient of a tied embedding by rows: that of autograd in every bit, and autograd's own where it is not tied."""

import pytest
import torch
from torch.nn import functional
from transformers import AutoConfig, AutoModelForCausalLM

from harness.methods.adapt import adapt
from harness.sources import models
from harness.spec.records import Model, Recipe
from harness.training import train, trainer
from harness.training.tied import tied_gradient
from helpers.tiny_llama import tiny_config

PADDING = 0


def model_of(family, **changes):
    torch.manual_seed(0)
    if family == "llama":
        return AutoModelForCausalLM.from_config(tiny_config(**changes))
    sizes = {"vocab_size": 256, "tie_word_embeddings": True, "pad_token_id": PADDING, "bos_token_id": 1}
    kinds = {
        "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "resid_pdrop": 0, "embd_pdrop": 0, "attn_pdrop": 0},
        "qwen2": {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4},
        "gemma3_text": {
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 8,
        },
    }
    more = {"num_key_value_heads": 2} if family == "qwen2" else {}
    return AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **sizes, **kinds[family], **more, **changes))


def gradients(model, *, by_rows, expected=True):
    """Return the gradients of a loss on rows with repeated and padding tokens."""
    ids = torch.randint(1, 256, (3, 40), generator=torch.Generator().manual_seed(1))
    ids[:, 20:30] = ids[:, :10]
    ids[1, 30:] = PADDING
    model.train()
    model.zero_grad()
    if by_rows:
        with tied_gradient(model) as done:
            logits = model(input_ids=ids).logits
        assert done is expected
    else:
        logits = model(input_ids=ids).logits
    functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten()).backward()
    return {name: weight.grad.clone() for name, weight in model.named_parameters()}


def same_bits(one, other):
    assert one.keys() == other.keys()
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("family", ["llama", "gpt2", "qwen2"])
def test_the_gradient_is_the_same_in_every_bit(family):
    model = model_of(family)
    plain = gradients(model, by_rows=False)
    assert same_bits(gradients(model, by_rows=True), plain)
    assert same_bits(gradients(model, by_rows=False), plain)  # nothing is left on the model


@pytest.mark.parametrize(
    "model",
    [model_of("gemma3_text"), model_of("llama", tie_word_embeddings=False)],
    ids=["an embedding that scales", "a head of its own"],
)
def test_what_is_not_a_plain_tied_embedding_is_autograds(model):
    assert same_bits(gradients(model, by_rows=True, expected=False), gradients(model, by_rows=False))


def test_a_second_batch_before_the_step_and_a_frozen_weight_are_autograds():
    model = model_of("llama")
    gradients(model, by_rows=False)
    with tied_gradient(model) as done:
        assert not done
    model.zero_grad()
    model.get_input_embeddings().weight.requires_grad_(requires_grad=False)
    with tied_gradient(model) as done:
        assert not done


def test_a_weight_that_an_optimizer_waits_for_is_autograds():
    model = model_of("llama")
    model.get_input_embeddings().weight.register_post_accumulate_grad_hook(lambda weight: None)
    assert same_bits(gradients(model, by_rows=True, expected=False), gradients(model_of("llama"), by_rows=False))


@pytest.mark.parametrize("more", [{}, {"gradient_accumulation_steps": 2}], ids=["one", "two batches a step"])
@pytest.mark.parametrize("padding_free", [True, False])
def test_training_comes_to_the_same_weights(more, padding_free, tiny_model, monkeypatch):
    rows = [{"prompt": f"{n} + 1 =", "completion": f" {n + 1}"} for n in range(12)]
    settings = {"max_steps": 3, "per_device_train_batch_size": 2, "learning_rate": 1e-3, **more}
    used = []

    def weights():
        loaded = models.load(Model(**tiny_model))
        adapted = adapt(loaded.model, Recipe(method="full", name="x"), seed=1)
        done = train(
            adapted, loaded.tokenizer, rows, settings, seed=1, on_step=lambda *_: None, padding_free=padding_free
        )
        return done.losses, {name: weight.detach().clone() for name, weight in adapted.model.named_parameters()}

    def noted(model):
        used.append(model)
        return tied_gradient(model)

    monkeypatch.setattr(trainer, "tied_gradient", noted)
    losses, ours = weights()
    assert len(used) == 3 * more.get("gradient_accumulation_steps", 1)
    monkeypatch.setattr(trainer.CompletionTrainer, "_tied", lambda *_: trainer.contextlib.nullcontext())
    plain_losses, plain = weights()
    assert losses == plain_losses
    assert same_bits(ours, plain)
