"""The layers whose gradient is largest on the training data (Aletheia, arXiv 2604.15351, section 3.2 and 3.3)."""

import functools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn
from transformers import PreTrainedModel

from harness.errors import RecipeError, TrainingError
from harness.methods.batches import Batch, first_batches, on_device
from harness.methods.layers._base import Choice, LayerStrategy, Request
from harness.model.decoder import layer_names
from harness.records import Probe

BATCHES = 5


def largest_gradients(request: Request) -> Choice:
    """Choose the `count` layers with the largest sum over batches of the L2 norm of the loss's gradient.

    The model is evaluated without dropout and left as it was. Of layers with equal norms the lower comes first.
    Raises `RecipeError` without a model or data, and for quantized weights, which have no gradient; `TrainingError`
    where a gradient is not finite, which would rank nothing.
    """
    if request.model is None:
        raise RecipeError('the layer strategy "gradient" needs a loaded model and training batches.')
    batches = first_batches(request.batches, request.probe_batches or BATCHES, 'the layer strategy "gradient"')
    start = time.perf_counter()
    norms = gradient_norms(request.model, batches, chunk=request.layers.options.get("chunk"))
    seconds = time.perf_counter() - start
    _refuse_non_finite(norms)
    ranked = sorted(range(request.total), key=lambda layer: (-norms[layer], layer))
    scores = tuple(float(norm) for norm in norms / norms.sum())
    probe = Probe(purpose="gradient", batches=len(batches), seconds=seconds, scores=scores)
    return Choice(tuple(ranked[: request.count]), probe)


GRADIENT = LayerStrategy(choose=largest_gradients, reads_data=True, needs_gradient=True)


def gradient_norms(model: PreTrainedModel, batches: Sequence[Batch], *, chunk: int | None = None) -> torch.Tensor:
    """Return (layers,) sums over `batches` of the L2 norm of the causal-LM loss's gradient by a layer's weights.

    A weight's gradient is dropped as soon as its norm is known, so that one pass over the batches is enough and
    the memory holds about one layer's gradients. The paper bounds it by treating `chunk` layers (8) at a time,
    which gives the same norms with ceil(layers / chunk) passes. Raises `RecipeError` for quantized weights.
    """
    names = layer_names(model)
    _refuse_quantized(model)
    layers = [list(model.get_submodule(name).parameters()) for name in names]
    step = chunk or len(layers)
    with _only_measured(model):
        parts = [_chunk_norms(model, layers[at : at + step], batches) for at in range(0, len(layers), step)]
    return torch.cat(parts)


def _refuse_quantized(model: PreTrainedModel) -> None:
    if not all(weight.is_floating_point() for weight in model.parameters()):
        raise RecipeError(
            'the layer strategy "gradient" needs weights with a gradient; quantized ones have none. '
            "Choose the layers on the unquantized model and name them in a list."
        )


@contextmanager
def _only_measured(model: PreTrainedModel) -> Iterator[None]:
    """Freeze the model and switch dropout off; put both back afterwards."""
    training = model.training
    flags = {name: weight.requires_grad for name, weight in model.named_parameters()}
    model.requires_grad_(requires_grad=False)
    model.eval()
    try:
        yield
    finally:
        model.train(training)
        for name, weight in model.named_parameters():
            weight.requires_grad_(requires_grad=flags[name])


def _chunk_norms(model: PreTrainedModel, layers: list[list[nn.Parameter]], batches: Sequence[Batch]) -> torch.Tensor:
    squares = torch.zeros(len(layers), dtype=torch.float64)

    def take(layer: int, weight: torch.Tensor) -> None:
        if weight.grad is not None:
            squares[layer] += torch.linalg.vector_norm(weight.grad, dtype=torch.float64).square().cpu()
            weight.grad = None

    for weights in layers:
        nn.ParameterList(weights).requires_grad_(requires_grad=True)
    hooks = [
        weight.register_post_accumulate_grad_hook(functools.partial(take, layer))
        for layer, weights in enumerate(layers)
        for weight in weights
    ]
    norms = torch.zeros(len(layers), dtype=torch.float64)
    for batch in batches:
        squares.zero_()
        model(**on_device(batch, model)).loss.backward()
        norms += squares.sqrt()
    for weights in layers:
        nn.ParameterList(weights).requires_grad_(requires_grad=False)
    for hook in hooks:
        hook.remove()
    return norms


def _refuse_non_finite(norms: torch.Tensor) -> None:
    bad = [layer for layer, norm in enumerate(norms) if not torch.isfinite(norm)]
    if bad:
        raise TrainingError(
            "non_finite_loss",
            f"the gradient of the layers {bad} is not finite before training, so nothing can be ranked by it; "
            "another dtype may help",
        )
