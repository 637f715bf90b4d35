"""Several adapters at work on one model: earlier ones frozen, the newest in training.

PEFT sums what its active adapters do, and saves one called ``default`` without a folder of its own; that name is
the newest's, an earlier one is called by its stage.
"""

from peft import PeftConfig, PeftModel
from transformers import PreTrainedModel

NEWEST = "default"

STACKABLE = ("LORA", "LOHA", "LOKR", "VERA", "IA3")
"""Methods of which PEFT applies several adapters at once, and merges them to the same outputs (tried: OFT's differ)."""


def kept(place: int) -> str:
    """Return the name of the adapter that the stage at `place` left at work."""
    return f"stage_{place + 1}"


def base_of(model: PreTrainedModel | PeftModel) -> PreTrainedModel:
    """Return the transformers model inside."""
    return model.get_base_model() if isinstance(model, PeftModel) else model


def beside(wrapped: PeftModel, config: PeftConfig, name: str) -> PeftModel:
    """Add an adapter called `name` to those that `wrapped` keeps, and return it."""
    wrapped.add_adapter(name, config)
    work_together(wrapped)
    return wrapped


def work_together(wrapped: PeftModel) -> None:
    """Let every adapter of the model take part, and the one added last alone train."""
    *earlier, last = wrapped.peft_config
    wrapped.set_adapter(last)  # what PEFT calls the current one
    wrapped.base_model.set_adapter([*earlier, last])
    wrapped.set_requires_grad(earlier, requires_grad=False)
