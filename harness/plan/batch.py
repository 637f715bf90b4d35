"""What SFTConfig's fields come to, read without TRL."""

from collections.abc import Mapping
from typing import Any


def examples_a_step(fields: Mapping[str, Any]) -> int:
    """Return the training examples of one optimizer step, from SFTConfig's fields and their defaults."""
    return int(fields.get("per_device_train_batch_size", 8)) * int(fields.get("gradient_accumulation_steps", 1))
