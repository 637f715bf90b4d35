"""AdaLoRA's rank allocator, driven: PEFT prunes no rank unless it is called after every optimizer step."""

from typing import Any

from peft import PeftModel
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments


class RankAllocator(TrainerCallback):
    """Fit the recipe's schedule to the run's length and prune after each step (Zhang et al. 2023, section 3.2).

    `tinit`, `tfinal` and `total_step` of the recipe are a schedule in proportion: they are scaled to the number
    of steps that is trained.
    """

    def __init__(self, wrapped: PeftModel) -> None:
        self.wrapped = wrapped

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Scale the schedule."""
        del args, control, kwargs
        config = self.wrapped.peft_config[self.wrapped.active_adapter]
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
