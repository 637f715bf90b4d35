"""The base model's tensors under the names they had before anything was wrapped."""

from collections.abc import Iterator

from peft import PeftModel
from torch import Tensor, nn


def base_tensors(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Yield every parameter; the base's under their own names, an adapter's under longer ones.

    They are read from the state dict: bitsandbytes lays 4-bit weights out anew for a CPU's kernels when they
    are first used, and gives them back in their stored form there. Their scales are left out, since in doing so
    it rounds them to bfloat16.
    """
    base = _base(model)
    parameters = {name for name, _ in base.named_parameters()}
    for name, tensor in base.state_dict().items():
        if name in parameters:
            yield _plain(name), tensor


def trained_names(model: nn.Module) -> set[str]:
    """Return the names, as `base_tensors` gives them, of the parameters that train."""
    named = _base(model).named_parameters(remove_duplicate=False)
    return {_plain(name) for name, weight in named if weight.requires_grad}


def _base(model: nn.Module) -> nn.Module:
    return model.get_base_model() if isinstance(model, PeftModel) else model


def _plain(name: str) -> str:
    return name.replace(".base_layer.", ".").replace(".original_module.", ".")
