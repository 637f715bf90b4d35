"""The opening that all prompts of a suite share, read once: the examples in front of every item, or an instruction.

An adapter's virtual tokens stand before it, and are an opening by themselves where prompts have no other in common.
Its keys and values stay in a cache of one row. Each batch reads on from a copy of it, one for each of its rows.
"""

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import torch

from harness.evaluation.batching import Tokens
from harness.methods._base import virtual_tokens

LEAST = 32
"""Tokens of an opening that is worth reading apart: copying its cache costs each batch as much as reading a few."""


@dataclass(frozen=True, slots=True)
class Opening:
    """`length` tokens that a model has read, virtual ones among them, and its cache of them."""

    length: int
    _cache: Any

    def copied(self, rows: int) -> Any:
        """Return the cache for a batch of `rows` rows, to be read on from and thrown away."""
        own = copy.deepcopy(self._cache)
        own.batch_repeat_interleave(rows)
        return own


def opening_tokens(prompts: Iterable[Tokens]) -> list[int]:
    """Return the tokens that all prompts begin with; each keeps at least its last token to itself.

    An opening shorter than `LEAST` is none.
    """
    own = [list(prompt[:-1]) for prompt in prompts]
    shared = [first for first, _ in takewhile(lambda pair: pair[0] == pair[1], zip(min(own), max(own), strict=False))]
    return shared if len(shared) >= LEAST else []


@torch.inference_mode()
def read_opening(model: Any, tokens: Sequence[int]) -> Opening:
    """Let `model`, on its device, read the opening, after virtual tokens that it has.

    Raises what a model without a cache of keys and values raises.
    """
    virtual = virtual_tokens(model)
    read = list(tokens) or [0]  # any token: what stands before it does not see it
    ids = torch.tensor([read], device=model.device)
    cache = model(input_ids=ids, use_cache=True, logits_to_keep=1).past_key_values
    held = cache.get_seq_length(len(cache.layers) - 1)  # lower layers that are passed over hold nothing
    if held != virtual + len(read):
        raise ValueError(f"the cache holds {held} of {virtual + len(read)} tokens")
    if not tokens:
        cache.crop(-len(read))
    return Opening(virtual + len(tokens), cache)
