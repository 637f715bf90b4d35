"""How many bytes the base model's weights take as they are loaded."""

from collections.abc import Mapping
from typing import Any

from harness.adaptation.count import parameters
from harness.adaptation.modules import linear_modules
from harness.adaptation.outline import empty_model

_BLOCK, _SECOND_BLOCK = 64, 256
"""bitsandbytes keeps a float32 scale for 64 weights of 4 bits; quantized twice, a byte, and a float32 for 256 bytes."""


def base_bytes(config: Mapping[str, Any], width: int, quantization: Mapping[str, Any] | None) -> int:
    """Return the bytes of the model of `config`, `width` for a weight that is not quantized.

    Linear layers are quantized, the output head, embeddings and norms are not.
    """
    model = empty_model(config)
    _, total = parameters(model)
    if quantization is None:
        return total * width
    packed = sum(model.get_submodule(name).weight.numel() for name in linear_modules(model))
    return round((total - packed) * width + packed * _a_weight(quantization))


def _a_weight(quantization: Mapping[str, Any]) -> float:
    if quantization.get("load_in_8bit"):
        return 1.0
    scale = 1 + 4 / _SECOND_BLOCK if quantization.get("bnb_4bit_use_double_quant") else 4.0
    return 0.5 + scale / _BLOCK
