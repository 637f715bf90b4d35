"""How many updates of weights are lost because the weight is too coarse a number to take them."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

STEPS = 8
"""Optimizer steps that are looked at, spread evenly over a training."""
SAMPLE = 4096
"""Elements of a weight that are looked at, spread evenly over it."""


class CountLostUpdates(TrainerCallback):
    """Count elements that a step left bit for bit as they were though their gradient was not zero.

    With a gradient and a learning rate above zero every optimizer moves an element, unless the sum of both rounds to
    the element again. Steps that a loss scaler skipped do not count.
    """

    def __init__(self, model: nn.Module) -> None:
        self._weights = [weight for weight in model.parameters() if weight.requires_grad]
        self._steps: frozenset[int] = frozenset()
        self._before: list[tuple[Tensor, Tensor] | None] = []
        self._lost: list[Tensor] = []
        self._asked: list[Tensor] = []

    @property
    def share(self) -> float | None:
        """The part of the updates asked for that was lost; None where none was asked for."""
        asked = float(torch.stack(self._asked).sum()) if self._asked else 0.0
        return float(torch.stack(self._lost).sum()) / asked if asked else None

    def state(self) -> dict[str, Any]:
        """Return what was counted so far."""
        return {"lost": _together(self._lost), "asked": _together(self._asked)}

    def restore(self, state: dict[str, Any]) -> None:
        """Count on."""
        device = self._weights[0].device if self._weights else torch.device("cpu")
        self._lost, self._asked = ([*state[name].to(device)] for name in ("lost", "asked"))

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Settle at which steps to look."""
        del args, control, kwargs
        count = min(STEPS, state.max_steps)
        self._steps = frozenset((2 * place + 1) * state.max_steps // (2 * count) for place in range(count))

    def on_pre_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Note what the weights are and which of them are to move."""
        del args, control, kwargs
        if state.global_step in self._steps:
            self._before = [
                None if weight.grad is None else (_sample(weight).clone(), _sample(weight.grad) != 0)
                for weight in self._weights
            ]

    def on_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, *, optimizer: Any, **kwargs: Any
    ) -> None:
        """Compare; nothing is waited for on an accelerator."""
        del args, state, control, kwargs
        before, self._before = self._before, []
        still = all(group["lr"] == 0 for group in optimizer.param_groups)
        if still or getattr(optimizer, "step_was_skipped", False):
            return
        for weight, noted in zip(self._weights, before, strict=False):
            if noted is not None:
                value, asked = noted
                elements = weight.numel() / value.numel()  # that one of the sample stands for
                self._lost.append(((_sample(weight) == value) & asked).sum() * elements)
                self._asked.append(asked.sum() * elements)


def _together(counts: list[Tensor]) -> Tensor:
    return torch.stack(counts) if counts else torch.zeros(0)


def _sample(tensor: Tensor) -> Tensor:
    flat = tensor.detach().reshape(-1)
    return flat[:: max(1, flat.numel() // SAMPLE)]
