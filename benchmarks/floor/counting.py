"""The operations that training and scoring cannot do without: of real tokens, each read once, without padding.

A product by a matrix is 2 operations a weight and token. Attention multiplies each token by those that it may see, in
two products. The head is used where a token is predicted. Norms, softmax and the optimizer, which are no products, are
left out, and so is whatever a shortcut may save: reading a frozen layer's result instead of computing it can beat the
floor.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.evaluation.batching import SharedRow
from harness.model.decoder import layer_names


@dataclass(frozen=True)
class Sizes:
    """A model's: `layers`, weights of matrices in each, width of queries in all heads, and those of the output head."""

    layers: int
    inside: int
    queries: int
    head: int


@dataclass(frozen=True)
class Read:
    """What is read: tokens, pairs of a token and one that it sees (itself too), and tokens that are predicted."""

    tokens: float
    pairs: float
    predicted: float


def sizes(model: Any) -> Sizes:
    """Return the sizes of a decoder whose layers are alike."""
    names = layer_names(model)
    layer, config = model.get_submodule(names[0]), model.config
    heads = config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // heads
    inside = sum(weight.numel() for weight in layer.parameters() if weight.ndim == 2)
    return Sizes(len(names), inside, heads * width, model.get_output_embeddings().weight.numel())


def read_by_training(examples: Iterable[tuple[int, int]]) -> Read:
    """Return what rows read, given their tokens and how many of them are predicted."""
    rows = list(examples)
    return Read(
        sum(length for length, _ in rows),
        sum(_triangle(length) for length, _ in rows),
        sum(predicted for _, predicted in rows),
    )


def read_by_scoring(rows: Sequence[SharedRow], *, opening: int = 0) -> Read:
    """Return what prompts with their options beside each other read after an opening that all share."""
    tokens = opening + sum(row.length for row in rows)
    pairs = _triangle(opening) + sum(_pairs(row, opening) for row in rows)
    predicted = sum(1 + sum(len(option) - 1 for option in row.options) for row in rows)
    return Read(tokens, pairs, predicted)


def forward(read: Read, model: Sizes, *, lowest: int = 0) -> float:
    """Return the operations of reading from the `lowest` layer on, and of predicting, which no layer shortens."""
    inside = (model.layers - lowest) * (read.tokens * model.inside + 2 * read.pairs * model.queries)
    return 2.0 * (inside + read.predicted * model.head)


def training(read: Read, model: Sizes, *, a_token: float, lowest: int, head_trains: bool) -> float:
    """Return the operations of a training.

    `a_token` are those that a token needs in the layers' matrices (`harness.methods.dispatch.training_flops`).
    Attention goes back, at twice its price, from the layer above to the `lowest` that trains; the head once, and once
    more for its own gradient.
    """
    back = model.layers - lowest
    attention = 4.0 * read.pairs * model.queries * (model.layers + 2 * back)
    return read.tokens * a_token + attention + 2.0 * read.predicted * model.head * (3 if head_trains else 2)


def _triangle(tokens: int) -> int:
    return tokens * (tokens + 1) // 2


def _pairs(row: SharedRow, opening: int) -> int:
    """Return the pairs of a row: what its tokens see of the opening, of the prompt, and of their own option."""
    prompt = len(row.prompt)
    options = [len(option) - 1 for option in row.options]
    return row.length * opening + _triangle(prompt) + sum(prompt * own + _triangle(own) for own in options)
