"""What has to be known of bitsandbytes' layout of quantized weights; its package is not imported for it."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn

_LARGEST_8BIT = 127
"""What stands for the largest magnitude of a row, which is its scale."""

_BLOCK, _SECOND_BLOCK = 64, 256
"""bitsandbytes keeps a float32 scale for 64 weights of 4 bits; quantized twice, a byte, and a float32 for 256 bytes."""


def logical_size(parameter: nn.Parameter) -> int:
    """Return how many weights a parameter stands for: two of 4 bits are packed into a byte.

    Delete when upstream's `Params4bit.numel` counts weights; until then the true shape is in its `quant_state`.
    """
    state = getattr(parameter, "quant_state", None)
    return parameter.numel() if state is None else math.prod(state.shape)


def scales(module: nn.Module) -> Iterator[Tensor]:
    """Yield what a quantized module needs beside its weights: scales, and what the codes stand for.

    A layer that wraps another may answer with what that one has. Delete when upstream registers them as buffers, which
    transformers' `get_memory_footprint` counts.
    """
    weight = getattr(module, "weight", None)
    state = getattr(weight, "quant_state", None)
    if state is None:  # of 8 bits, where they move from the weight to the module's state when that is first used
        found = [getattr(weight, "SCB", None), getattr(getattr(module, "state", None), "SCB", None)]
    else:
        twice = [state.state2.absmax, state.state2.code, state.offset] if state.nested else []
        found = [state.absmax, state.code, *twice]
    yield from (each for each in found if isinstance(each, Tensor))


def is_packed(weight: Tensor) -> bool:
    """Tell whether a weight holds quantized weights, which a storage of floating-point numbers may hide.

    Delete when upstream has a public name for it.
    """
    return hasattr(weight, "quant_state") or hasattr(weight, "SCB")


def dequantized_8bit(module: nn.Module) -> Tensor | None:
    """Return a copy of the weights that a module of 8 bits computes with, None of any other; it stays as it was.

    Delete when PEFT's `dequantize_module_weight` leaves such a module on a CPU fit to compute with.
    """
    weight: Any = getattr(module, "weight", None)
    if not hasattr(weight, "SCB"):
        return None
    scale = next(scales(module))
    return weight.data.float() * (scale / _LARGEST_8BIT).unsqueeze(1)


def bytes_a_weight(quantization: Mapping[str, Any]) -> float:
    """Return the bytes of a quantized weight, its share of the scales included.

    Delete when upstream tells the size of a layer before it is quantized.
    """
    if quantization.get("load_in_8bit"):
        return 1.0
    scale = 1 + 4 / _SECOND_BLOCK if quantization.get("bnb_4bit_use_double_quant") else 4.0
    return 0.5 + scale / _BLOCK


def keep_stored_layout(network: Any) -> None:
    """Keep bitsandbytes from laying 4-bit weights out anew for AVX512 kernels when they are first evaluated.

    No gradient passes through a weight in that layout, whatever is trained afterwards, and PEFT merges into it as if
    it were the stored one. Delete when upstream converts weights back, or computes gradients through them.
    """
    for module in network.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
