"""A tiny random Llama, training batches for it, and a tokenizer: what contracts are tried on."""

from collections.abc import Iterator
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel, PreTrainedTokenizerFast

from harness.diagnostics import Probes
from harness.methods import Batch

LAYERS, VOCABULARY = 4, 256
SPECIAL = {"pad_token": "<pad>", "bos_token": "<bos>", "eos_token": "<eos>"}


def tiny_model(seed: int = 0) -> PreTrainedModel:
    """Return a Llama of 4 layers of 64 features in evaluation mode; the same weights for the same seed."""
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        tie_word_embeddings=True,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return LlamaForCausalLM(config).eval()


def tiny_batches() -> Iterator[Batch]:
    """Yield eight batches of 2 rows of 12 tokens, the first 4 of them without a label; the same at each call."""
    generator = torch.Generator().manual_seed(7)
    for _ in range(8):
        ids = torch.randint(3, VOCABULARY, (2, 12), generator=generator)
        labels = ids.clone()
        labels[:, :4] = -100
        yield {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels}


def tiny_probes() -> Probes:
    """Return two texts of each domain, of different lengths, held-out rows, a score and the model; always the same."""
    generator = torch.Generator().manual_seed(8)

    def text(length: int) -> Tensor:
        return torch.randint(3, VOCABULARY, (1, length), generator=generator)

    def score(model: PreTrainedModel, role: str) -> dict[str, float]:
        with torch.no_grad():
            return {f"{role}_task": float(model(**held_out).logits.float().mean())}

    texts = {"in_domain": (text(9), text(7)), "out_of_domain": (text(8), text(10))}
    held_out = next(tiny_batches())
    return Probes(texts=texts, held_out=held_out, score=score, unquantized=tiny_model)


def write_tiny_tokenizer(folder: Path) -> Path:
    """Save a byte-level tokenizer with the special tokens <pad>, <bos> and <eos> into a folder, and return it."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: index for index, token in enumerate([*SPECIAL.values(), *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **SPECIAL).save_pretrained(folder)
    return folder
