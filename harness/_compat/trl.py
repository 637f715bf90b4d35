"""What TRL's SFTTrainer does in private and a subclass with a loss of its own has to do itself."""

from typing import Any

from trl import SFTTrainer


def count_tokens(trainer: SFTTrainer, inputs: dict[str, Any]) -> None:
    """Count a batch's tokens for the log (``num_tokens``), prompts included and padding not.

    SFTTrainer counts them inside its own `compute_loss`. Delete when upstream counts in `training_step`.
    """
    if trainer.model.training:
        trainer._total_train_tokens += int(inputs["attention_mask"].sum())  # noqa: SLF001
    trainer._metrics["train" if trainer.model.training else "eval"]["num_tokens"] = [trainer._total_train_tokens]  # noqa: SLF001


def on_its_device(trainer: SFTTrainer, inputs: dict[str, Any]) -> dict[str, Any]:
    """Return a batch with its tensors where the trainer's model is.

    Delete when upstream's trainer has a public name for it.
    """
    moved: dict[str, Any] = trainer._prepare_inputs(inputs)  # noqa: SLF001
    return moved
