"""Rows end to end: what a pack holds, and that a model's losses and gradients on it are those of padded rows."""

from contextlib import nullcontext
from types import SimpleNamespace

import peft
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoConfig, AutoModelForCausalLM, set_seed

from harness.training.packing import IGNORED, packs, tokens_a_pack
from harness.training.reading import PADDING_FREE, BatchReading

LENGTHS = st.lists(st.integers(1, 12), min_size=1, max_size=8)


def batch(lengths, *, left=False):
    """A padded batch with all tokens different and a label on every second half of a row."""
    width, count = max(lengths), 3
    ids, mask, labels = (torch.full((len(lengths), width), value) for value in (0, 0, IGNORED))
    for row, length in enumerate(lengths):
        start = width - length if left else 0
        ids[row, start : start + length] = torch.arange(count, count + length) % 300
        mask[row, start : start + length] = 1
        half = start + length // 2
        labels[row, half : start + length] = ids[row, half : start + length]
        count += length
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


@given(LENGTHS, st.integers(1, 30), st.booleans())
def test_packs_hold_every_row_once_in_order_and_start_its_positions_at_nothing(lengths, tokens, left):
    made = packs(batch(lengths, left=left), tokens=tokens)
    assert torch.cat([pack.ids[0] for pack in made]).tolist() == [n % 300 for n in range(3, 3 + sum(lengths))]
    assert torch.cat([pack.positions[0] for pack in made]).tolist() == [n for each in lengths for n in range(each)]
    for pack in made:
        rows = int((pack.positions == 0).sum())
        assert pack.ids.shape[1] <= tokens or rows == 1


@given(LENGTHS, st.integers(1, 30))
def test_what_is_predicted_are_the_labels_but_a_rows_first(lengths, tokens):
    inputs = batch(lengths)
    made = packs(inputs, tokens=tokens)
    padded = inputs["labels"][:, 1:]
    assert torch.cat([pack.targets for pack in made]).tolist() == padded[padded != IGNORED].tolist()
    for pack in made:
        ends = pack.ids[0, pack.predicting + 1]
        assert torch.equal(ends, pack.targets)


def reader():
    """What reads batches, without a trainer around it."""
    accelerator = SimpleNamespace(unwrap_model=lambda wrapped: wrapped, autocast=nullcontext)
    return BatchReading(accelerator, SimpleNamespace(bf16=False, fp16=False), padded=None)


def losses_and_gradients(model, inputs, packed):
    model.zero_grad()
    losses = reader().losses(model, inputs, packed)
    losses.sum().backward()
    return losses.detach(), {name: each.grad for name, each in model.named_parameters() if each.grad is not None}


BOTH = ["llama", "qwen2", "qwen3", "gpt_neox", "gpt2", "phi", "granite", "gemma3_text", "mistral", "mixtral"]
FAMILIES = [*((family, attention) for family in BOTH for attention in ("sdpa", "eager")), ("gemma2", "eager")]


@pytest.mark.parametrize(("family", "attention"), FAMILIES)
def test_losses_and_gradients_are_those_of_padded_rows(family, attention, random_model):
    model = random_model(family, attention=attention, initializer_range=0.1)
    inputs = batch([30, 7, 19, 1, 12])
    order = [3, 1, 4, 0, 2]
    plain, expected = losses_and_gradients(model, inputs, None)
    packed, found = losses_and_gradients(model, inputs, packs(inputs, tokens=40))
    again, turned = losses_and_gradients(model, {name: each[order] for name, each in inputs.items()}, None)
    assert reader().reads_packs(model, inputs)
    assert packed == pytest.approx(plain, abs=1e-4)
    for name, gradient in expected.items():
        noise = float((turned[name] - gradient).abs().max())
        assert float((found[name] - gradient).abs().max()) <= 20 * noise + 1e-5 * float(gradient.abs().max()) + 1e-7
    assert sorted(again.tolist()) == pytest.approx(sorted(plain.tolist()), abs=1e-4)


@pytest.mark.parametrize("kind", ["PROMPT_TUNING", "PREFIX_TUNING"])
def test_prompt_methods_stay_padded(kind, random_model):
    adapter = peft.get_peft_config({"peft_type": kind, "task_type": "CAUSAL_LM", "num_virtual_tokens": 3})
    model = peft.get_peft_model(random_model("llama"), adapter)
    made = reader()
    assert not made.reads_packs(model, batch([9, 4, 6]))
    assert made.engine == f"padded: {kind} puts virtual tokens before each row"


@pytest.mark.parametrize("family", ["bloom", "mamba"])
def test_a_model_that_reads_rows_as_one_is_noticed(family):
    shapes = {
        "bloom": {"hidden_size": 32, "n_layer": 2, "n_head": 4, "vocab_size": 300},
        "mamba": {"hidden_size": 32, "num_hidden_layers": 2, "vocab_size": 300, "state_size": 4},
    }
    set_seed(0)
    config = AutoConfig.for_model(family, **shapes[family], initializer_range=0.3)
    model = AutoModelForCausalLM.from_config(config)
    made = reader()
    assert not made.reads_packs(model, batch([9, 14, 6]))
    assert made.engine.startswith("padded: ")
    assert model.training


def test_a_leak_between_rows_is_noticed(random_model):
    """With positions that run on, rows see one another: what a model that ignores them would do."""
    model = random_model("llama")
    forward = model.forward
    model.forward = lambda position_ids=None, **rest: forward(**rest)
    made = reader()
    assert not made.reads_packs(model, batch([9, 14, 6]))
    assert "nats a token" in made.engine
    assert PADDING_FREE not in made.engine


def test_a_pack_on_cuda_holds_more_than_one_on_a_cpu():
    inputs = batch([900] * 5)
    assert [pack.ids.shape[1] for pack in packs(inputs, tokens=tokens_a_pack("cpu"))] == [1800, 1800, 900]
    assert [pack.ids.shape[1] for pack in packs(inputs, tokens=tokens_a_pack("cuda"))] == [3600, 900]
