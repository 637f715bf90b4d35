"""What a training asks of memory, made of numbers."""

from typing import Any

from harness.plan.costs import TrainingMemory

NOTHING: dict[str, Any] = {
    "recipe": "full--default",
    "libraries": 0,
    "base": 0,
    "masters": 0,
    "gradients": 0,
    "moments": 0,
    "keeps": 0,
    "rows": 8,
    "examples": 16,
    "a_row": 0.0,
    "a_row_again": 0.0,
    "recomputes": False,
    "trains_base": True,
}


def training(**given: Any) -> TrainingMemory:
    """Return a training that asks for nothing but what is given."""
    return TrainingMemory(**{**NOTHING, **given})
