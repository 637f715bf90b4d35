"""How many parameters a model has and trains."""

import math

from torch import nn


def parameters(model: nn.Module) -> tuple[int, int]:
    """Return (trainable, total) parameters; a weight shared by two modules counts once."""
    sizes = [(_size(parameter), parameter.requires_grad) for parameter in model.parameters()]
    return sum(size for size, trains in sizes if trains), sum(size for size, _ in sizes)


def _size(parameter: nn.Parameter) -> int:
    # bitsandbytes packs two 4-bit weights into a byte and keeps the true shape beside them.
    state = getattr(parameter, "quant_state", None)
    return parameter.numel() if state is None else math.prod(state.shape)
