"""The layers whose gradient is largest on the training data (Aletheia, arXiv 2604.15351, section 3.2 and 3.3)."""

import contextlib
import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

from harness.errors import RecipeError, TrainingError
from harness.methods.batches import Batch, first_batches, on_device
from harness.methods.layers._base import Choice, LayerStrategy, Request
from harness.methods.layers.shared import timed
from harness.model.below import batch_digest
from harness.model.decoder import LINEAR, layer_names
from harness.records import Probe

BATCHES = 5
PURPOSE = "gradient"
HALF_SCALE = 1024.0
"""Factor on the loss of a float16 model, whose small gradients would be rounded to 0; the norms are divided by it."""


def largest_gradients(request: Request) -> Choice:
    """Choose the `count` layers with the largest sum over batches of the L2 norm of the loss's gradient.

    The model is evaluated without dropout and left as it was. Of layers with equal norms the lower comes first.
    Raises `RecipeError` without a model or data; `TrainingError` where a gradient is not finite, which would rank
    nothing. The norms do not depend on `count`: recipes that differ in it alone share them by `Request.probes`.
    """
    model = request.model
    if model is None:
        raise RecipeError('the layer strategy "gradient" needs a loaded model and training batches.')
    batches = first_batches(request.batches, request.probe_batches or BATCHES, 'the layer strategy "gradient"')
    chunk = request.layers.options.get("chunk")

    def measure() -> list[float]:
        norms = gradient_norms(model, batches, chunk=chunk)
        _refuse_non_finite(norms)
        found: list[float] = norms.tolist()
        return found

    asked = {"purpose": PURPOSE, "chunk": chunk, "batches": [_named(batch) for batch in batches]}
    found = timed(measure) if request.probes is None else request.probes.measured(asked, measure)
    norms = torch.tensor(found.values, dtype=torch.float64)
    ranked = sorted(range(request.total), key=lambda layer: (-norms[layer], layer))
    probe = Probe(
        purpose=PURPOSE,
        batches=len(batches),
        seconds=found.seconds,
        scores=tuple(float(norm) for norm in norms / norms.sum()),
        shared=found.shared,
        notes=found.notes,
    )
    return Choice(tuple(ranked[: request.count]), probe)


def _named(batch: Batch) -> str:
    return batch_digest(*(batch[name] for name in sorted(batch)))


GRADIENT = LayerStrategy(choose=largest_gradients, reads_data=True)


def gradient_norms(model: PreTrainedModel, batches: Sequence[Batch], *, chunk: int | None = None) -> torch.Tensor:
    """Return (layers,) sums over `batches` of the L2 norm of the causal-LM loss's gradient by a layer's weights.

    A weight's gradient is dropped as soon as its norm is known, so that one pass over the batches is enough and
    the memory holds about one layer's gradients. The paper bounds it by treating `chunk` layers (8) at a time,
    which gives the same norms with ceil(layers / chunk) passes.

    A quantized matrix has no gradient of its own; its norm is that of the gradient by the weights that it stands for,
    from what went into the module and the loss's gradient at what came out of it (see `_squared`).
    """
    layers = [model.get_submodule(name) for name in layer_names(model)]
    step = chunk or len(layers)
    with _only_measured(model):
        parts = [_chunk_norms(model, layers[at : at + step], batches) for at in range(0, len(layers), step)]
    return torch.cat(parts)


@contextmanager
def _only_measured(model: PreTrainedModel) -> Iterator[None]:
    """Freeze the model and switch dropout off; put both back afterwards."""
    training = model.training
    flags = {name: weight.requires_grad for name, weight in model.named_parameters()}
    model.requires_grad_(requires_grad=False)
    model.eval()
    hooks = []
    if not all(weight.is_floating_point() for weight in model.parameters()):
        # Where no weight below them trains, packed matrices would be passed by on the way back.
        hooks.append(model.get_input_embeddings().register_forward_hook(_with_gradient))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
        model.train(training)
        for name, weight in model.named_parameters():
            weight.requires_grad_(requires_grad=flags[name])


def _with_gradient(_module: nn.Module, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
    return output if output.requires_grad else output.requires_grad_()


def _chunk_norms(model: PreTrainedModel, layers: Sequence[nn.Module], batches: Sequence[Batch]) -> torch.Tensor:
    squares, norms = torch.zeros(2, len(layers), dtype=torch.float64)
    scale = HALF_SCALE if model.dtype == torch.float16 else 1.0
    with contextlib.ExitStack() as hooks:
        for place, layer in enumerate(layers):
            hooks.enter_context(_measured(layer, squares[place]))
        for batch in batches:
            squares.zero_()
            (model(**on_device(batch, model)).loss * scale).backward()
            norms += squares.sqrt() / scale
    return norms


@contextmanager
def _measured(layer: nn.Module, square: torch.Tensor) -> Iterator[None]:
    """Let a backward pass add the squared norm of the layer's gradient to `square`."""

    def take(weight: torch.Tensor) -> None:
        if weight.grad is not None:
            square.add_(torch.linalg.vector_norm(weight.grad, dtype=torch.float64).square().cpu())
            weight.grad = None

    plain = nn.ParameterList(weight for weight in layer.parameters() if weight.is_floating_point())
    plain.requires_grad_(requires_grad=True)
    hooks = [weight.register_post_accumulate_grad_hook(take) for weight in plain]
    packed = (each for each in layer.modules() if isinstance(each, LINEAR) and not each.weight.is_floating_point())
    hooks += [each.register_forward_hook(functools.partial(_watch, square)) for each in packed]
    try:
        yield
    finally:
        plain.requires_grad_(requires_grad=False)
        for hook in hooks:
            hook.remove()


def _watch(square: torch.Tensor, _module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
    """Let the backward pass through a packed matrix add its squared norm."""
    entered = inputs[0].detach()
    output.register_hook(functools.partial(_add, square, entered))


def _add(square: torch.Tensor, entered: torch.Tensor, gradient: torch.Tensor) -> None:
    square.add_(_squared(entered, gradient))


def _squared(entered: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """Return the squared L2 norm of the gradient by a matrix W in y = x Wᵀ, which is gᵀx.

    x is (…, in) and g, the gradient by y, is (…, out). Of the two ways to it, by gᵀx itself or by the products of
    tokens, ‖gᵀx‖² = Σ (xxᵀ ∘ ggᵀ), the smaller is taken.
    """
    x, g = entered.flatten(0, -2).float(), gradient.flatten(0, -2).float()
    if len(x) ** 2 < x.shape[-1] * g.shape[-1]:
        return ((x @ x.T) * (g @ g.T)).sum(dtype=torch.float64).cpu()
    return torch.linalg.vector_norm(g.T @ x, dtype=torch.float64).square().cpu()


def _refuse_non_finite(norms: torch.Tensor) -> None:
    bad = [layer for layer, norm in enumerate(norms) if not torch.isfinite(norm)]
    if bad:
        raise TrainingError(
            "non_finite_loss",
            f"the gradient of the layers {bad} is not finite before training, so nothing can be ranked by it; "
            "another dtype may help",
        )
