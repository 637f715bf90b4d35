"""The base model as cells train and score it: in the declared dtype, as far as the device has it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import nn

from harness.model import precision
from harness.sources import models
from harness.spec.records import Model


def load_model(declared: Model, *, device: str, quantization: Mapping[str, Any] | None = None) -> models.Loaded:
    """Load a fresh base and its tokenizer onto a device; raises as `harness.sources.models.load` does."""
    usable = replace(declared, dtype=served_dtype(declared, device))
    return models.load(usable, quantization=quantization, device=device)


def serve(model: nn.Module, declared: Model, device: str) -> None:
    """Put what was trained of the `declared` base into the dtype in which it is served, and scored."""
    precision.serve(model, served_dtype(declared, device))


def served_dtype(declared: Model, device: str) -> precision.Dtype:
    """Return the dtype in which the model is served on a device."""
    return precision.usable_dtype(declared.dtype, device)
