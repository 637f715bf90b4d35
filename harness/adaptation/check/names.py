"""The base model's parameters under the names they had before anything was wrapped."""

from collections.abc import Iterator

from peft import PeftModel
from torch import nn


def base_parameters(model: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Yield every parameter; those of the base under their own names, an adapter's under longer ones."""
    base = model.get_base_model() if isinstance(model, PeftModel) else model
    for name, weight in base.named_parameters():
        yield name.replace(".base_layer.", ".").replace(".original_module.", "."), weight
