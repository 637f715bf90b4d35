"""How many parameters a model has and trains, what a token of training costs, and how many bytes the base takes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import nn
from transformers import PreTrainedModel

from harness._compat.bitsandbytes import bytes_a_weight, logical_size, scales
from harness.model.blocks import EXPERTS_DIMENSIONS
from harness.model.decoder import LINEAR, layer_names
from harness.model.shapes import empty_model, known_config


def parameters(model: nn.Module) -> tuple[int, int]:
    """Return (trainable, total) parameters; a weight shared by two modules counts once, a packed one by its shape."""
    sizes = [(logical_size(parameter), parameter.requires_grad) for parameter in model.parameters()]
    return sum(size for size, trains in sizes if trains), sum(size for size, _ in sizes)


def held_bytes(model: PreTrainedModel) -> int:
    """Return the bytes of a model's parameters and buffers, the scales of quantized weights included."""
    return int(model.get_memory_footprint()) + scale_bytes(model)


def scale_bytes(model: nn.Module) -> int:
    """Return the bytes of what the quantized weights of a model, or of one of its modules, need beside them."""
    return sum({each.data_ptr(): each.nbytes for module in model.modules() for each in scales(module)}.values())


def flops_a_token(
    model: PreTrainedModel, layers: Sequence[int], *, unowned: Callable[[nn.Module], int] = lambda _layer: 0
) -> float:
    """Return the estimated floating-point operations of training by one token.

    `layers` are those that hold something trainable. `unowned` counts the weights that a layer multiplies by and that
    are not parameters of it.

    A multiplication by a weight matrix is 2 operations a weight and token; its backward pass is as much again for the
    gradient of the input, and once more for the gradient of the weight (Kaplan et al. 2020, arXiv 2001.08361, section
    2.1). Nothing flows back below the lowest layer that trains, and frozen weights get no gradient: that is why
    transformers' 6 × parameters × tokens says the same for every recipe. Attention scores, norms and the output head,
    which is used at answer tokens only, are left out, which all recipes have alike; so is what an adapter spends once
    a step on making its weights.
    """
    stack = [model.get_submodule(name) for name in layer_names(model)]
    sizes = [parameters(layer) for layer in stack]
    inside = [total + unowned(layer) for (_, total), layer in zip(sizes, stack, strict=True)]
    trained = sum(trainable for trainable, _ in sizes)
    below = any(weight.requires_grad for weight in model.get_input_embeddings().parameters())
    lowest = 0 if below else min(layers, default=0)
    return 2.0 * (sum(inside) + sum(inside[lowest:]) + trained)


def largest_layer(config: Mapping[str, Any]) -> tuple[str, int, int]:
    """Return of the model of `config` the class of its decoder layers, parameters of the largest, and those outside."""
    model = empty_model(config)
    layers = [model.get_submodule(name) for name in layer_names(model)]
    sizes = [parameters(layer)[1] for layer in layers]
    return type(layers[0]).__name__, max(sizes), parameters(model)[1] - sum(sizes)


def weights_met(config: Mapping[str, Any]) -> tuple[float, int]:
    """Return of the model of `config` how many weights a token meets in a decoder layer, on average, and in the head.

    Of a mixture, a token meets as many experts as the router sends it to.
    """
    model, text = empty_model(config), known_config(config).get_text_config()
    layers = [model.get_submodule(name) for name in layer_names(model)]
    met = sum(_met(each, getattr(text, "num_experts_per_tok", None)) for layer in layers for each in layer.parameters())
    return met / len(layers), text.hidden_size * text.vocab_size


def _met(weight: nn.Parameter, experts: int | None) -> float:
    """Return how many of a parameter's weights a token meets; one of three dimensions holds a matrix an expert."""
    if weight.dim() != EXPERTS_DIMENSIONS or experts is None:
        return weight.numel()
    return weight.numel() * min(1.0, experts / len(weight))


def base_bytes(config: Mapping[str, Any], width: int, quantization: Mapping[str, Any] | None) -> int:
    """Return the bytes of the weights of the model of `config`, `width` for a weight that is not quantized.

    `quantization` holds fields of transformers' `BitsAndBytesConfig`. Linear layers are quantized; the output head,
    embeddings and norms are not.
    """
    model = empty_model(config)
    _, total = parameters(model)
    if quantization is None:
        return total * width
    head = model.get_output_embeddings()
    linear = (each for each in model.modules() if isinstance(each, LINEAR) and each is not head)
    packed = sum(each.weight.numel() for each in linear)
    return round((total - packed) * width + packed * bytes_a_weight(quantization))
