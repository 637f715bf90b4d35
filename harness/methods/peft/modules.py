"""The modules of a model under the names that they have without adapters."""

from collections.abc import Iterator

from peft.tuners.tuners_utils import BaseTunerLayer
from torch import nn
from transformers import PreTrainedModel

from harness.model.decoder import LINEAR


def linear_modules(model: PreTrainedModel) -> list[str]:
    """Return the names of every linear module but the output head (what PEFT calls ``all-linear``)."""
    head = model.get_output_embeddings()
    return [name for name, module in base_modules(model) if isinstance(module, LINEAR) and module is not head]


def base_modules(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield the modules as they are without adapters: an adapted one under its own name, and nothing inside it."""
    adapted: tuple[str, ...] = ()
    for name, module in model.named_modules():
        if name.startswith(adapted):
            continue
        if isinstance(module, BaseTunerLayer):
            adapted = (*adapted, f"{name}.")
            yield name, module.get_base_layer()
        else:
            yield name, module
