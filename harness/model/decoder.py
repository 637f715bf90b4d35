"""Where the decoder layers of a model are, and what is in them."""

from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from harness.errors import RecipeError

LINEAR = (nn.Linear, Conv1D)
"""Modules that multiply by one weight matrix."""


def layer_names(model: PreTrainedModel) -> tuple[str, ...]:
    """Return the module names of the decoder layers, from the input up (``model.layers.0``, …).

    They are the first module list as long as the config's number of hidden layers. Raises `RecipeError` for a
    model without one: a recipe that speaks of layers means nothing there.
    """
    depth = model.config.get_text_config().num_hidden_layers
    for name, module in model.named_modules():
        if isinstance(module, nn.ModuleList) and len(module) == depth:
            return tuple(f"{name}.{index}" for index in range(depth))
    raise RecipeError(
        f"{type(model).__name__} has no list of {depth} decoder layers that harness can find; "
        'only recipes with layers "all" work on it.'
    )


def cached_heads(model: PreTrainedModel) -> int:
    """Return how many heads of keys and values a layer keeps: fewer than of queries where they share them."""
    text = model.config.get_text_config()
    if getattr(text, "multi_query", False) and not getattr(text, "new_decoder_architecture", False):
        return 1
    return int(getattr(text, "num_key_value_heads", None) or text.num_attention_heads)


def layer_of(module: str, layers: tuple[str, ...]) -> int | None:
    """Return the index of the layer that contains the module called `module`, None outside the stack."""
    inside = (index for index, layer in enumerate(layers) if module == layer or module.startswith(f"{layer}."))
    return next(inside, None)


def layers_of(modules: tuple[str, ...], layers: tuple[str, ...]) -> tuple[int, ...]:
    """Return the indices, in ascending order, of the layers (called `layers`) that `modules` are in."""
    return tuple(sorted({layer for module in modules if (layer := layer_of(module, layers)) is not None}))
