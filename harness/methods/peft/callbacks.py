"""What has to be called while an adapter trains."""

from typing import Any

from peft import PeftModel, PeftType
from torch import nn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from harness.model.precision import keep_masters
from harness.spec.records import Recipe


def callbacks(wrapped: PeftModel, recipe: Recipe) -> tuple[TrainerCallback, ...]:
    """Return what the trainer of a wrapped model must call."""
    allocator = (RankAllocator(wrapped),) if wrapped.active_peft_config.peft_type == PeftType.ADALORA else ()
    precision = (KeepPrecision(wrapped),) if recipe.quantization is not None else ()
    return (*allocator, *precision)


_SMOOTHED = ("ipt", "exp_avg_ipt", "exp_avg_unc")
"""What PEFT's allocator holds of each weight: its sensitivity, the mean of it, and that of its deviations."""


class RankAllocator(TrainerCallback):
    """Drive AdaLoRA's rank allocator: PEFT prunes no rank unless it is called after every optimizer step.

    `tinit`, `tfinal` and `total_step` of the recipe are a schedule in proportion: they are scaled to the number
    of steps that is trained. Ranks are pruned after each (Zhang et al. 2023, section 3.2).
    """

    def __init__(self, wrapped: PeftModel) -> None:
        self.wrapped = wrapped

    def state(self) -> dict[str, Any]:
        """Return what the allocator has smoothed so far, by weight, and which ranks it left."""
        allocator = self.wrapped.base_model.rankallocator
        smoothed = {name: dict(getattr(allocator, name)) for name in _SMOOTHED}
        return {**smoothed, "pattern": self._config.rank_pattern}

    def restore(self, state: dict[str, Any]) -> None:
        """Let it go on from there."""
        allocator, device = self.wrapped.base_model.rankallocator, self.wrapped.device
        for name in _SMOOTHED:
            setattr(allocator, name, {weight: each.to(device) for weight, each in state[name].items()})
        self._config.rank_pattern = state["pattern"]

    @property
    def _config(self) -> Any:
        return self.wrapped.peft_config[self.wrapped.active_adapter]

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Scale the schedule."""
        del args, control, kwargs
        config = self._config
        share = state.max_steps / config.total_step
        config.tinit, config.tfinal = int(config.tinit * share), int(config.tfinal * share)
        config.total_step = state.max_steps

    def on_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Prune; the weights have moved and their gradients are still there."""
        del args, control, kwargs
        # The trainer counts the step later; counted from 1, the last step of the schedule is reached.
        self.wrapped.base_model.update_and_allocate(state.global_step + 1)


class KeepPrecision(TrainerCallback):
    """Undo TRL's cast of a quantized model's adapters to bfloat16 before the first step.

    Adapters on an unquantized base train in float32, and a comparison of the two should differ in the base
    alone. The parameters stay the same objects, so the optimizer is not affected.
    """

    def __init__(self, model: nn.Module) -> None:
        self._model = model

    def state(self) -> dict[str, Any]:
        """Return nothing: nothing is noted."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Do nothing."""

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Cast back."""
        del args, state, control, kwargs
        keep_masters(self._model)
