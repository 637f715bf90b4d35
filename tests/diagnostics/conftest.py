import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from helpers.tiny_llama import batches, tiny, tokenizer

__all__ = ["batches", "tiny", "tokenizer"]

SHAPE = {
    "vocab_size": 256,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
}
FAMILIES = {
    "llama": {**SHAPE, "num_key_value_heads": 2},
    "qwen2": {**SHAPE, "num_key_value_heads": 2},
    "gpt_neox": SHAPE,
}


@pytest.fixture(params=FAMILIES)
def family(request):
    """A stand-in's configuration, of each of three architectures."""
    numbers = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "initializer_range": 0.3}
    return AutoConfig.for_model(request.param, **FAMILIES[request.param], **numbers)


@pytest.fixture
def build(family):
    """Return a function that makes the stand-in, in evaluation mode; the same weights for the same seed."""

    def built(seed=0):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return AutoModelForCausalLM.from_config(family).eval()

    return built
