"""Training batches read before training, by what ranks layers or starts adapters from data."""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice

from torch import Tensor
from transformers import PreTrainedModel

from harness.errors import RecipeError

Batch = Mapping[str, Tensor]
"""Tokenised training examples: `input_ids`, `attention_mask` and `labels`, each (rows, tokens)."""

Batches = Callable[[], Iterable[Batch]]
"""Starts a fresh pass over training batches; two calls yield the same ones."""


def first_batches(batches: Batches | None, count: int, purpose: str) -> list[Batch]:
    """Return the first `count` training batches.

    Raises `RecipeError` when there is no data, or less of it than asked for: fewer batches would be another
    method than the one declared.
    """
    if batches is None:
        raise RecipeError(f"{purpose} reads training batches and was given none.")
    taken = list(islice(batches(), count))
    if len(taken) < count:
        raise RecipeError(
            f"{purpose} reads {count} training batches, the data has {len(taken)}. "
            "Set the recipe's probe_batches to fewer, or give more data."
        )
    return taken


def on_device(batch: Batch, model: PreTrainedModel) -> dict[str, Tensor]:
    """Return the batch where the model is."""
    return {name: tensor.to(model.device) for name, tensor in batch.items()}
