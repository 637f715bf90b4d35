"""What a recipe's `layers` and `quantization` say beyond the names and types that their schemas know."""

from collections.abc import Iterator
from typing import Any

from harness.errors import Problem
from harness.spec.located import Located
from harness.spec.located import Path as At

_QUANTIZED = {
    "bnb_4bit_quant_type": ("nf4", "fp4"),
    "bnb_4bit_compute_dtype": ("float32", "bfloat16", "float16"),
    "bnb_4bit_quant_storage": ("uint8", "bfloat16", "float16", "float32", "float64"),
}
_OPTIONS = {"gradient": ("chunk",)}


def option_problems(document: Located, own_strategies: tuple[str, ...]) -> Iterator[Problem]:
    """Yield options that no strategy of harness reads, or whose value it cannot use; an extension reads its own."""
    layers = document.value.get("layers") or {}
    strategy = layers.get("strategy", "all")
    if strategy not in own_strategies:
        return
    known = _OPTIONS.get(strategy, ())
    for name, value in (layers.get("options") or {}).items():
        at: At = ("layers", "options", name)
        if name not in known:
            allowed = f"It reads {' and '.join(known)}." if known else "It reads none."
            yield document.problem(at, f"the strategy `{strategy}` reads no option `{name}`", allowed)
        elif not _whole(value) or value < 1:
            yield document.problem(at, f"{value!r} is no number of layers", "Give a whole number, 1 or more.")


def quantization_problems(document: Located) -> Iterator[Problem]:
    """Yield why a `quantization` block would quantize nothing, or not as bitsandbytes can."""
    block = document.value.get("quantization")
    if block is None:
        return
    widths = [name for name in ("load_in_4bit", "load_in_8bit") if block.get(name)]
    if len(widths) != 1:
        said = "both 4 and 8 bits are asked for" if widths else "neither 4 nor 8 bits are asked for"
        yield document.problem(("quantization",), said, "Set one of `load_in_4bit` and `load_in_8bit` to true.")
    for name, allowed in _QUANTIZED.items():
        value = block.get(name)
        if value is not None and value not in allowed:
            message = f"{value!r} is no {name}"
            yield document.problem(("quantization", name), message, f"There are: {', '.join(allowed)}.")


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
