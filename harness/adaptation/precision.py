"""Adapters on a quantized base keep the precision they were made in."""

from typing import Any

import torch
from torch import nn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments


class KeepPrecision(TrainerCallback):
    """Undo TRL's cast of a quantized model's adapters to bfloat16 before the first step.

    Adapters on an unquantized base train in float32, and a comparison of the two should differ in the base
    alone. The parameters stay the same objects, so the optimizer is not affected.
    """

    def __init__(self, model: nn.Module) -> None:
        self._dtypes: dict[nn.Parameter, torch.dtype] = {
            weight: weight.dtype for weight in model.parameters() if weight.requires_grad
        }

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Cast back."""
        del args, state, control, kwargs
        for weight, dtype in self._dtypes.items():
            weight.data = weight.data.to(dtype)
