"""Small random models of several families and the byte tokenizer, as fixtures."""

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, set_seed

SHAPE = {
    "vocab_size": 300,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": 256,
}
GROUPED = {**SHAPE, "num_key_value_heads": 2}

FAMILIES = {
    "llama": GROUPED,
    "qwen2": GROUPED,
    "gpt_neox": SHAPE,
    "qwen3": {**GROUPED, "head_dim": 8},
    "gpt2": {"vocab_size": 300, "n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": 256},
    "phi": SHAPE,
    "granite": {**GROUPED, "logits_scaling": 3.0},
    "gemma2": {**GROUPED, "head_dim": 8, "sliding_window": 200, "final_logit_softcapping": 2.0},
    "mistral": {**GROUPED, "sliding_window": 200},
    "gemma3_text": {**GROUPED, "head_dim": 8, "sliding_window": 8},
    "mixtral": {**GROUPED, "num_local_experts": 4, "num_experts_per_tok": 2},
}


@pytest.fixture(scope="session")
def tokenizer(tiny_tokenizer_folder):
    return AutoTokenizer.from_pretrained(tiny_tokenizer_folder)


@pytest.fixture(scope="session")
def random_model():
    """Make a random model; weights are large enough that a wrong mask or position changes scores visibly."""

    def make(family: str, *, attention: str | None = None, **changes):
        set_seed(0)
        config = AutoConfig.for_model(
            family,
            **{**FAMILIES.get(family, SHAPE), "initializer_range": 0.3, **changes},
            bos_token_id=1,
            eos_token_id=2,
            pad_token_id=0,
        )
        return AutoModelForCausalLM.from_config(config, attn_implementation=attention).to(torch.float32).eval()

    return make
