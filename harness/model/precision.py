"""In what a model computes: master weights in float32 while it trains, its declared dtype when it is scored.

bfloat16 has 8 binary digits: adding less than a 512th of a weight to it changes nothing, and most steps of AdamW are
smaller. What trains is kept in float32 therefore (Micikevicius et al. 2018, arXiv 1710.03740, section 3.1), whatever
the method, while products are computed in 16 bits through autocast; the base that does not train lies in 16 bits. A
model is served, and so scored, in its declared dtype, whichever way it was adapted. In float32 nothing here does
anything.
"""

import contextlib
from collections.abc import Iterator
from typing import Any, Literal

import torch
from torch import nn

from harness._compat.bitsandbytes import is_packed
from harness.model.devices import device_kind

Dtype = Literal["float32", "bfloat16", "float16"]
HALF: tuple[Dtype, ...] = ("bfloat16", "float16")


def has_bfloat16(device: str) -> bool:
    """Say whether the device computes in bfloat16; GPUs of before Ampere (T4, P100, V100) emulate it at best."""
    return device_kind(device) != "cuda" or torch.cuda.is_bf16_supported(including_emulation=False)


def usable_dtype(declared: Dtype, device: str) -> Dtype:
    """Return the dtype that a model of the `declared` one has on a device: float16 where there is no bfloat16."""
    return "float16" if declared == "bfloat16" and not has_bfloat16(device) else declared


def keep_masters(model: nn.Module) -> None:
    """Put every weight that trains into float32; the parameters stay the same objects, tied ones tied."""
    for weight in model.parameters():
        if weight.requires_grad and _is_half(weight):
            weight.data = weight.data.float()


def serve(model: nn.Module, dtype: str) -> None:
    """Put a trained model, adapters included, into the dtype in which it is served; packed weights stay as they are.

    A base's buffers stay too: rotary frequencies are kept in float32 by every library that serves.
    """
    for tensor in _served(model, dtype):
        tensor.data = tensor.data.to(getattr(torch, dtype))


@contextlib.contextmanager
def served(model: nn.Module, dtype: str) -> Iterator[None]:
    """Serve a model for the block and put everything back, which takes the memory of what is cast once more."""
    before = [(tensor, tensor.data) for tensor in _served(model, dtype)]
    serve(model, dtype)
    try:
        yield
    finally:
        for tensor, values in before:
            tensor.data = values


def trained_dtype(model: nn.Module) -> str:
    """Return the dtype of the weights that train: ``float32``, or several with a plus between them."""
    return "+".join(sorted({_name(weight.dtype) for weight in model.parameters() if weight.requires_grad}))


def computes_in_half(model: nn.Module) -> bool:
    """Tell whether any weight of a model is of 16 bits, so that what it computes is rounded to them."""
    return any(_is_half(weight) for weight in model.parameters())


def mixed(model: nn.Module) -> str | None:
    """Return the 16-bit dtype in which a model computes whose weights are of more than one; None where they are not."""
    found = {_name(weight.dtype) for weight in _weights(model)}
    return next((dtype for dtype in HALF if dtype in found), None) if len(found) > 1 else None


@contextlib.contextmanager
def computing(model: nn.Module) -> Iterator[None]:
    """Let a model of `mixed` weights compute in the 16-bit dtype; others as they are."""
    half = mixed(model)
    if half is None:
        yield
        return
    with torch.autocast(next(model.parameters()).device.type, dtype=getattr(torch, half)):
        yield


def _served(model: nn.Module, dtype: str) -> list[torch.Tensor]:
    """Return what has another dtype than the 16-bit one that is served; nothing where float32 is."""
    if dtype not in HALF:
        return []
    return [each for each in (*_weights(model), *_buffers_of_adapters(model)) if _name(each.dtype) != dtype]


def _weights(model: nn.Module) -> list[nn.Parameter]:
    return [weight for weight in model.parameters() if weight.is_floating_point() and not is_packed(weight)]


def _buffers_of_adapters(model: nn.Module) -> Iterator[torch.Tensor]:
    """Yield the frozen matrices that PEFT keeps as buffers, which it multiplies by in the dtype of what trains."""
    for module in model.modules():
        if type(module).__module__.startswith("peft."):
            yield from (each for each in module.buffers(recurse=False) if each.is_floating_point())


def _is_half(weight: torch.Tensor) -> bool:
    return _name(weight.dtype) in HALF and not is_packed(weight)


def _name(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")
