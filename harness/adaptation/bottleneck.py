"""Bottleneck adapters: Houlsby et al. 2019 (arXiv 1902.00751) and Pfeiffer et al. 2020 (arXiv 2005.00052).

The base model's modules stay as they are; an adapter is a submodule of the block it follows and a forward hook
puts the block's output through it, before the layer adds its residual.
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.activations import ACT2FN

from harness.errors import RecipeError
from harness.model.decoder import layer_names
from harness.spec.records import Bottleneck

NAME = "bottleneck_adapter"
DEVIATION = 0.01
"""Standard deviation of the first weights, cut at two of them, as in Houlsby et al.: close to doing nothing."""

_ATTENTION = ("self_attn", "attention", "self_attention", "attn")
_FEEDFORWARD = ("mlp", "feed_forward", "ffn", "block_sparse_moe")


class BottleneckAdapter(nn.Module):
    """``x + up(activation(down(x)))`` on (rows, tokens, hidden)."""

    def __init__(self, hidden: int, width: int, activation: str) -> None:
        super().__init__()
        self.down = nn.Linear(hidden, width)
        self.activation = ACT2FN[activation]
        self.up = nn.Linear(width, hidden)
        for linear in (self.down, self.up):
            nn.init.trunc_normal_(linear.weight, std=DEVIATION, a=-2 * DEVIATION, b=2 * DEVIATION)
            nn.init.zeros_(linear.bias)

    def forward(self, hidden_states: Tensor) -> Tensor:
        """Return the adapted output of a block, in its own dtype."""
        inside = hidden_states.to(self.down.weight.dtype)
        return hidden_states + self.up(self.activation(self.down(inside))).to(hidden_states.dtype)


def insert(model: PreTrainedModel, block: Bottleneck, layers: tuple[int, ...]) -> tuple[str, ...]:
    """Freeze `model`, put adapters into `layers` and return the names of the blocks that got one.

    Raises `RecipeError` for an activation or a block that does not exist.
    """
    if block.activation not in ACT2FN:
        raise RecipeError(
            f"bottleneck.activation {block.activation!r} is unknown. There are: {', '.join(sorted(ACT2FN))}."
        )
    names = layer_names(model)
    hidden = model.config.get_text_config().hidden_size
    model.requires_grad_(requires_grad=False)
    found = tuple(name for layer in layers for name in _blocks(model, names[layer], block))
    for name in found:
        _attach(model.get_submodule(name), hidden, width(hidden, block), block.activation)
    return found


def width(hidden: int, block: Bottleneck) -> int:
    """Return the adapter's inner width for a model of `hidden` features, at least 1."""
    return max(1, round(hidden / block.reduction_factor))


def adapters(model: nn.Module) -> dict[str, nn.Module]:
    """Return the adapters of a model by their module names."""
    return {name: module for name, module in model.named_modules() if name.endswith(f".{NAME}")}


def _attach(module: nn.Module, hidden: int, inner: int, activation: str) -> None:
    reference = next(module.parameters())
    adapter = BottleneckAdapter(hidden, inner, activation)
    dtype = torch.float32 if not reference.is_floating_point() else reference.dtype
    module.add_module(NAME, adapter.to(device=reference.device, dtype=dtype))
    module.register_forward_hook(_through_adapter)


def _through_adapter(module: nn.Module, args: tuple[Any, ...], output: Any) -> Any:
    del args
    adapter = module.get_submodule(NAME)
    if isinstance(output, tuple):
        return (adapter(output[0]), *output[1:])
    return adapter(output)


def _blocks(model: PreTrainedModel, layer: str, block: Bottleneck) -> list[str]:
    children = [name for name, _ in model.get_submodule(layer).named_children()]
    wanted = [("feedforward", block.feedforward, _FEEDFORWARD)]
    if block.placement == "houlsby":
        wanted.insert(0, ("attention", block.attention, _ATTENTION))
    return [f"{layer}.{_child(children, *each)}" for each in wanted]


def _child(children: list[str], role: str, declared: str | None, known: tuple[str, ...]) -> str:
    candidates = known if declared is None else (declared,)
    found = next((name for name in candidates if name in children), None)
    if found is None:
        raise RecipeError(
            f"no {role} block called {' or '.join(candidates)} in a layer of this model. "
            f"Name one of {', '.join(children)} in bottleneck.{role}."
        )
    return found
