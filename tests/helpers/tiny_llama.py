"""A tiny random Llama, training batches and a tokenizer for it, as fixtures; the same for every test."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Callable

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Whitespace
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel, PreTrainedTokenizerFast

from harness.methods.batches import Batches

LAYERS = 4
VOCABULARY = 256


def tiny_config(**changes: object) -> LlamaConfig:
    shape = {
        "vocab_size": VOCABULARY,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 256,
        "tie_word_embeddings": True,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
    }
    return LlamaConfig(**{**shape, **changes})


@pytest.fixture
def tiny() -> Callable[..., PreTrainedModel]:
    def build(seed: int = 0, **changes: object) -> PreTrainedModel:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return LlamaForCausalLM(tiny_config(**changes)).eval()

    return build


@pytest.fixture
def batches() -> Batches:
    def start():
        generator = torch.Generator().manual_seed(7)
        for _ in range(8):
            ids = torch.randint(3, VOCABULARY, (2, 12), generator=generator)
            labels = ids.clone()
            labels[:, :4] = -100
            yield {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels}

    return start


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    """Words to ids within the tiny model's vocabulary; made here, so that no file is needed."""
    words = "answer the technical question label each part command object option value reason step warning"
    vocabulary = {"<pad>": 0, "<s>": 1, "</s>": 2, "<unk>": 3}
    vocabulary |= {word: index for index, word in enumerate(words.split(), start=len(vocabulary))}
    backend = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))
    backend.normalizer, backend.pre_tokenizer = Lowercase(), Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )
