"""A training that several processes share, such that every step is that of one process.

Each process draws every batch as one process would, and computes its own rows of it; gradients are averaged. So the
examples of a step, their order, the number of steps and what a loss is divided by need no agreement between processes,
and a last batch that is smaller needs no filling.
"""

from collections.abc import Mapping
from math import gcd
from typing import Any

from torch import Tensor

from harness.errors import RecipeError
from harness.plan.batch import examples_a_step

_BATCH, _ACCUMULATION = "per_device_train_batch_size", "gradient_accumulation_steps"

Batch = Mapping[str, Tensor]
"""input_ids, attention_mask and labels, each (rows, length), padded on the right."""


def shared_fields(fields: Mapping[str, Any], processes: int) -> dict[str, Any]:
    """Return SFTConfig's fields with which so many processes make one device's steps, a batch being that of all.

    No process has more rows at a time than one device would have: where the batch is too small to be shared, batches
    that would follow each other are computed at once. Raises `RecipeError` where a step's examples cannot be shared
    alike.
    """
    batch, accumulation = int(fields.get(_BATCH, 8)), int(fields.get(_ACCUMULATION, 1))
    if examples_a_step(fields) % processes:
        raise RecipeError(
            f"{_BATCH} {batch} × {_ACCUMULATION} {accumulation} = {examples_a_step(fields)} examples a step, which "
            f"{processes} processes cannot share alike. Choose fields whose product is a multiple of {processes}, or "
            f"another num_processes in execute.config."
        )
    together = processes // gcd(processes, batch)
    return {**fields, _BATCH: batch * together, _ACCUMULATION: accumulation // together}


def own_rows(batch: Batch, place: int, processes: int) -> tuple[dict[str, Tensor], bool]:
    """Return the rows of the process at `place`, without columns that only pad them, and whether they count.

    Where a last batch has none for it, the process computes the first row, which does not count: all processes have to
    compute alike.
    """
    rows = len(batch["input_ids"])
    first, end = place * rows // processes, (place + 1) * rows // processes
    counts = end > first
    own = {name: value[first:end] if counts else value[:1] for name, value in batch.items()}
    longest = int(own["attention_mask"].sum(1).max())
    return {name: value[:, :longest] for name, value in own.items()}, counts


def batches_of_one(batch: Batch, rows: int, multiple: int | None = None) -> list[Tensor]:
    """Return the input_ids of the batches that one device would have had, each of so many rows, as it pads them.

    `multiple` is what lengths are padded to a multiple of.
    """
    found = []
    for first in range(0, len(batch["input_ids"]), rows):
        longest = int(batch["attention_mask"][first : first + rows].sum(1).max())
        length = longest if multiple is None else -(-longest // multiple) * multiple
        found.append(batch["input_ids"][first : first + rows, :length])
    return found
