"""The layers whose gradient is largest on the training data (Aletheia, arXiv 2604.15351, section 3.2 and 3.3)."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from transformers import PreTrainedModel

from harness.adaptation.adapted import Batch, Probe
from harness.adaptation.data import first_batches, on_device
from harness.adaptation.decoder import layer_names
from harness.adaptation.layers.contract import Choice, Request
from harness.errors import RecipeError

BATCHES = 5
CHUNK = 8


def gradient(request: Request) -> Choice:
    """Choose the `count` layers with the largest sum over batches of the L2 norm of the loss's gradient.

    The model is evaluated without dropout and left as it was. Of layers with equal norms the lower comes first.
    Raises `RecipeError` without a model or data, and for quantized weights, which have no gradient.
    """
    if request.model is None:
        raise RecipeError('the layer strategy "gradient" needs a loaded model and training batches.')
    chunk = int(request.layers.options.get("chunk", CHUNK))
    batches = first_batches(request.batches, request.probe_batches or BATCHES, 'the layer strategy "gradient"')
    start = time.perf_counter()
    norms = gradient_norms(request.model, batches, chunk=chunk)
    seconds = time.perf_counter() - start
    ranked = sorted(range(request.total), key=lambda layer: (-norms[layer], layer))
    scores = tuple(float(norm) for norm in norms / norms.sum())
    probe = Probe(purpose="gradient", batches=len(batches), seconds=seconds, scores=scores)
    return Choice(tuple(ranked[: request.count]), probe)


def gradient_norms(model: PreTrainedModel, batches: Sequence[Batch], *, chunk: int = CHUNK) -> torch.Tensor:
    """Return (layers,) sums over `batches` of the L2 norm of the causal-LM loss's gradient by a layer's weights.

    Only `chunk` layers hold gradients at a time, which bounds the memory and repeats the passes over the
    batches ceil(layers / chunk) times. Raises `RecipeError` for weights that cannot hold a gradient.
    """
    names = layer_names(model)
    _refuse_quantized(model)
    norms = torch.zeros(len(names), dtype=torch.float64)
    with _only_measured(model):
        for start in range(0, len(names), chunk):
            layers = range(start, min(start + chunk, len(names)))
            norms[start : start + chunk] = _chunk_norms(model, [names[layer] for layer in layers], batches)
    return norms


def _chunk_norms(model: PreTrainedModel, names: list[str], batches: Sequence[Batch]) -> torch.Tensor:
    weights = [list(model.get_submodule(name).parameters()) for name in names]
    every = [weight for layer in weights for weight in layer]
    for weight in every:
        weight.requires_grad_(requires_grad=True)
    norms = torch.zeros(len(names), dtype=torch.float64)
    for batch in batches:
        gradients = iter(torch.autograd.grad(model(**on_device(batch, model)).loss, every, allow_unused=True))
        norms += torch.stack([_norm([next(gradients) for _ in layer]) for layer in weights])
    for weight in every:
        weight.requires_grad_(requires_grad=False)
    return norms


def _norm(gradients: list[torch.Tensor | None]) -> torch.Tensor:
    parts = [torch.linalg.vector_norm(part.double()) for part in gradients if part is not None]
    return torch.linalg.vector_norm(torch.stack(parts)).cpu() if parts else torch.zeros((), dtype=torch.float64)


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


def _refuse_quantized(model: PreTrainedModel) -> None:
    if not all(weight.is_floating_point() for weight in model.parameters()):
        raise RecipeError(
            'the layer strategy "gradient" needs weights with a gradient; quantized ones have none. '
            "Choose the layers on the unquantized model and name them in a list."
        )
