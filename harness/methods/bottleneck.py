"""Bottleneck adapters: Houlsby et al. 2019 (arXiv 1902.00751) and Pfeiffer et al. 2020 (arXiv 2005.00052).

The base model's modules stay as they are; an adapter is a submodule of the block it follows and a forward hook
puts the block's output through it, before the layer adds its residual.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.activations import ACT2FN

from harness.errors import RecipeError
from harness.methods._base import Adapted, Context, Method, read_note, saved_file, write_note
from harness.methods.layers._base import Choice
from harness.model.blocks import ATTENTION, FEEDFORWARD
from harness.model.decoder import layer_names
from harness.model.shapes import hidden_size
from harness.spec.records import Bottleneck, Recipe

WEIGHTS = "bottleneck.safetensors"
NOTE = "bottleneck.json"
NAME = "bottleneck_adapter"
DEVIATION = 0.01
"""Standard deviation of the first weights, cut at two of them, as in Houlsby et al.: close to doing nothing."""


class BottleneckAdapters(Method):
    """A small network after attention and feed-forward blocks; the base is frozen."""

    def apply(self, model: PreTrainedModel, recipe: Recipe, choice: Choice | None, context: Context) -> Adapted:
        """Insert the adapters; raises `RecipeError` for an activation or a block that does not exist."""
        del context
        layers = tuple(range(len(layer_names(model)))) if choice is None else choice.indices
        return Adapted.of(model, recipe, _insert(model, _block(recipe), layers))

    def save(self, adapted: Adapted, folder: Path) -> None:
        """Write the adapters' weights, and where they belong."""
        state = {
            f"{name}.{part}": weight.contiguous()
            for name, adapter in adapters(adapted.model).items()
            for part, weight in adapter.state_dict().items()
        }
        save_file(state, folder / WEIGHTS)
        block = asdict(_block(adapted.recipe))
        write_note(folder, NOTE, {"layers": list(adapted.layers), "bottleneck": block})

    def load(self, model: PreTrainedModel, recipe: Recipe, folder: Path) -> Adapted:
        """Insert adapters as the note says and fill them."""
        state = load_file(saved_file(folder, WEIGHTS))
        about = read_note(folder, NOTE)
        modules = _insert(model, Bottleneck(**about["bottleneck"]), tuple(about["layers"]))
        found = {f"{name}.{part}" for name, adapter in adapters(model).items() for part in adapter.state_dict()}
        if found != set(state):
            raise RecipeError(f"{folder} holds bottleneck adapters of another model or recipe.")
        model.load_state_dict(state, strict=False)
        return Adapted.of(model.eval(), recipe, modules)

    def merge(self, adapted: Adapted) -> PreTrainedModel:
        """Refuse: no change of weights does what a network between them does."""
        raise RecipeError(f"{adapted.recipe.id}: a bottleneck adapter is a network of its own and cannot be merged.")

    def expected_parameters(self, adapted: Adapted) -> int:
        """Return the size of two matrices and their biases, times the adapted blocks."""
        hidden = adapted.model.config.get_text_config().hidden_size
        inner = _width(hidden, _block(adapted.recipe))
        return len(adapted.modules) * (2 * hidden * inner + hidden + inner)

    def check(self, recipe: Recipe, *, device: str, training: Mapping[str, Any]) -> Iterator[str]:
        """Refuse a quantized base, which transformers trains through PEFT only."""
        del device, training
        if recipe.quantization is not None:
            yield (
                "transformers trains a quantized model through PEFT only: bottleneck adapters need unquantized weights."
            )

    def with_size(self, recipe: Recipe, size: int, config: Mapping[str, Any]) -> Recipe:
        """Return the recipe with adapters of an inner width of `size`."""
        return replace(recipe, bottleneck=replace(_block(recipe), reduction_factor=hidden_size(config) / size))

    def size(self, recipe: Recipe) -> Mapping[str, float]:
        """Return the factor by which the inner width is less than the model's."""
        return {"reduction_factor": _block(recipe).reduction_factor}


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


def adapters(model: nn.Module) -> dict[str, nn.Module]:
    """Return the adapters of a model by their module names."""
    return {name: module for name, module in model.named_modules() if name.endswith(f".{NAME}")}


def _block(recipe: Recipe) -> Bottleneck:
    assert recipe.bottleneck is not None
    return recipe.bottleneck


def _insert(model: PreTrainedModel, block: Bottleneck, layers: tuple[int, ...]) -> tuple[str, ...]:
    """Freeze `model`, put adapters into `layers` and return the names of the blocks that got one."""
    if block.activation not in ACT2FN:
        raise RecipeError(
            f"bottleneck.activation {block.activation!r} is unknown. There are: {', '.join(sorted(ACT2FN))}."
        )
    names = layer_names(model)
    hidden = model.config.get_text_config().hidden_size
    model.requires_grad_(requires_grad=False)
    found = tuple(name for layer in layers for name in _blocks(model, names[layer], block))
    for name in found:
        _attach(model.get_submodule(name), hidden, _width(hidden, block), block.activation)
    return found


def _width(hidden: int, block: Bottleneck) -> int:
    """Return the adapter's inner width for a model of `hidden` features, at least 1."""
    return max(1, round(hidden / block.reduction_factor))


def _blocks(model: PreTrainedModel, layer: str, block: Bottleneck) -> list[str]:
    children = [name for name, _ in model.get_submodule(layer).named_children()]
    # OPT's layers have no feed-forward block of their own.
    wanted: list[tuple[str, str | None, tuple[str, ...]]] = [("feedforward", block.feedforward, (*FEEDFORWARD, "fc2"))]
    if block.placement == "houlsby":
        wanted.insert(0, ("attention", block.attention, ATTENTION))
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
