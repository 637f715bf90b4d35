"""Callbacks of every training run: progress and a stop at the first loss that is not a number, and the best weights."""

import math
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from harness.errors import TrainingError

OnStep = Callable[[int, int, float, int], None]
"""Called with the step, the number of steps, the step's loss (nats a token), and the tokens seen so far."""


class Watch(TrainerCallback):
    """Report each logged step; raise `TrainingError` when the loss or its gradient's norm is not finite."""

    def __init__(self, on_step: OnStep) -> None:
        self.on_step = on_step
        self.losses: list[float] = []
        self.validation_losses: list[tuple[int, float]] = []
        self.tokens = 0

    def state(self) -> dict[str, Any]:
        """Return what was logged so far."""
        return {"losses": self.losses, "validation_losses": self.validation_losses, "tokens": self.tokens}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.losses, self.validation_losses = state["losses"], state["validation_losses"]
        self.tokens = state["tokens"]

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Take the loss of the step just made."""
        del control, kwargs
        # In fp16 the gradient scaler looks for its scale by steps that overflow and are skipped.
        for name in ("loss", "eval_loss") if args.fp16 else ("loss", "eval_loss", "grad_norm"):
            value = (logs or {}).get(name)
            if value is not None and not math.isfinite(float(value)):
                raise TrainingError(
                    "non_finite_loss",
                    f"the {name} was {value} at step {state.global_step} of {state.max_steps}; "
                    "a lower learning_rate, clipping (max_grad_norm) or another dtype may help",
                )
        if logs and "loss" in logs:
            self.losses.append(float(logs["loss"]))
            self.tokens = int(logs.get("num_tokens", 0))
            self.on_step(state.global_step, state.max_steps, self.losses[-1], self.tokens)
        if logs and "eval_loss" in logs:
            self.validation_losses.append((state.global_step, float(logs["eval_loss"])))


class KeepBest(TrainerCallback):
    """Copy what trains at each new least validation loss, and put it back when training ends.

    `step` is the step of the copy. Copies lie in memory and hold nothing but what trains: they cost an adapter's size
    and need no checkpoint format, so that every method, bottleneck adapters and chosen layers included, is kept alike.
    """

    def __init__(self) -> None:
        self.step: int | None = None
        self._loss = math.inf
        self._weights: dict[str, Tensor] = {}

    def state(self) -> dict[str, Any]:
        """Return the best weights so far, and how good they were."""
        return {"step": self.step, "loss": self._loss, "weights": self._weights}

    def restore(self, state: dict[str, Any]) -> None:
        """Take them for the best so far."""
        self.step, self._loss, self._weights = state["step"], state["loss"], state["weights"]

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
            self._weights = {name: weight.detach().clone() for name, weight in _trainable(model)}

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
        for name, weight in _trainable(model):
            if name in self._weights:
                weight.data.copy_(self._weights[name])


def _trainable(model: nn.Module) -> list[tuple[str, nn.Parameter]]:
    return [(name, weight) for name, weight in model.named_parameters() if weight.requires_grad]
