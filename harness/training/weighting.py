"""Rows that count more or less in the loss, by the `weight` that each has.

The loss of a step is the mean over its labels, each with its row's weight: the sum of weight × loss by the sum of
weights. So weights that are all alike change nothing, and one of 0 trains on nothing of its row. Validation rows,
the ranking of layers and starts out of data know no weights.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from harness.errors import TaskError
from harness.sources.data import Row
from harness.suites.weights import WEIGHT
from harness.training.packing import WEIGHTS


class Weighing:
    """A collator whose batches have the weights of their rows; of anything else it is the `collator` that it wraps."""

    def __init__(self, collator: Any) -> None:
        self._collator = collator

    def __call__(self, examples: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
        """Return a batch, with `WEIGHTS` where its rows have a weight."""
        weights = [each.get(WEIGHTS) for each in examples]
        batch: dict[str, Tensor] = self._collator(
            [{k: v for k, v in each.items() if k != WEIGHTS} for each in examples]
        )
        if None in weights:
            return batch
        column = torch.tensor(weights, dtype=torch.float32)[:, None]
        return {**batch, WEIGHTS: column.expand(batch["labels"].shape).contiguous()}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._collator, name)


def weights_of(rows: Sequence[Row]) -> list[float] | None:
    """Return each row's weight, None where no row has one. Raises `TaskError` where none is above 0."""
    if not any(WEIGHT in row for row in rows):
        return None
    weights = [float(row.get(WEIGHT, 1.0)) for row in rows]
    if not any(weights):
        raise TaskError(f"all {len(rows)} training rows have the weight 0: nothing would be trained. Raise some.")
    return weights
