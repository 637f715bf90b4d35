"""Rows of a training batch: what SFTConfig's fields come to, read without TRL, and parts of a batch."""

from collections.abc import Iterator, Mapping
from typing import Any


def examples_a_step(fields: Mapping[str, Any]) -> int:
    """Return the training examples of one optimizer step, from SFTConfig's fields and their defaults."""
    return int(fields.get("per_device_train_batch_size", 8)) * int(fields.get("gradient_accumulation_steps", 1))


def halves(rows: int) -> Iterator[int]:
    """Yield half of so many rows, rounded up, and half of that, down to one."""
    while rows > 1:
        rows = (rows + 1) // 2
        yield rows
