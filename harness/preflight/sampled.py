"""A sample of texts in tokens: what all of them come to is taken from it."""

from collections.abc import Sequence

import numpy as np
from transformers import PreTrainedTokenizerBase

SAMPLE = 64
"""Training examples and items of a suite that are counted, drawn from all of them."""
_SEED = 5
ASSUMED_ANSWERS = 0.5
"""Part of a training example or an item that is completion or options, where it is not counted."""


def drawn(count: int) -> list[int]:
    """Return the places of a sample, in order: a file's head may be of one kind."""
    chosen = np.random.default_rng(_SEED).choice(count, size=min(count, SAMPLE), replace=False)
    return sorted(map(int, chosen))


def encoded(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> list[list[int]]:
    """Return the tokens of each text."""
    return list(tokenizer(list(texts))["input_ids"]) if texts else []


def lengths(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> tuple[int, ...]:
    """Return how many tokens each text has."""
    return tuple(map(len, encoded(tokenizer, texts)))
