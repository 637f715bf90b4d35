"""The weights of the best evaluation, kept in memory and put back when training ends.

Only what trains is copied, so it costs an adapter's size and needs no checkpoint format: every method, bottleneck
adapters and chosen layers included, is kept alike.
"""

import math
from typing import Any

from torch import Tensor, nn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments


class KeepBest(TrainerCallback):
    """Copy what trains at each new least validation loss; `step` is the step of the copy."""

    def __init__(self) -> None:
        self.step: int | None = None
        self._loss = math.inf
        self._weights: dict[str, Tensor] = {}

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        *,
        model: nn.Module,
        metrics: dict[str, float],
        **kwargs: Any,
    ) -> None:
        """Compare and copy."""
        del args, control, kwargs
        if metrics["eval_loss"] < self._loss:
            self._loss, self.step = metrics["eval_loss"], state.global_step
            self._weights = {name: weight.detach().clone() for name, weight in _training(model)}

    def on_train_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        *,
        model: nn.Module,
        **kwargs: Any,
    ) -> None:
        """Put the best weights back."""
        del args, state, control, kwargs
        for name, weight in _training(model):
            if name in self._weights:
                weight.data.copy_(self._weights[name])


def _training(model: nn.Module) -> list[tuple[str, nn.Parameter]]:
    return [(name, weight) for name, weight in model.named_parameters() if weight.requires_grad]
