"""What quantizing the base did to its weights: how far each matrix is from what it was, and what a weight takes."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from harness._compat.bitsandbytes import is_packed, logical_size
from harness.codec import encode
from harness.diagnostics._base import Diagnostic, ProbeRequest, Probes, Subject
from harness.diagnostics.updates import each_matrix
from harness.measured import ModuleQuantization, Quantization
from harness.methods.batches import Batch
from harness.model.counting import scale_bytes
from harness.records import Measurement
from harness.spec.records import Experiment, Recipe


class QuantizationError(Diagnostic):
    """The quantized matrices of the base, as they are computed with, against those that the model was loaded with.

    Its one number is the error of all of them together: Frobenius' norm of the difference over that of the weights. It
    needs the base once more, unquantized, on the CPU, while it compares before training.
    """

    name = "quantization_error"

    def __init__(self) -> None:
        self._unquantized: Callable[[], PreTrainedModel] | None = None
        self._found: Quantization | None = None

    def check(self, experiment: Experiment, config: Mapping[str, Any] | None) -> Iterator[str]:
        """Refuse an experiment in which no base is quantized."""
        del config
        if not any(recipe.base_quantization for recipe in experiment.recipes):
            yield "no recipe quantizes the base. Leave it out, or add a recipe with `quantization`."

    def asks_for(self) -> ProbeRequest:
        """Ask for the base as it is."""
        return ProbeRequest(items=0, unquantized=True)

    def begin(self, whole: Recipe, recipe: Recipe, probes: Probes) -> None:
        """Note how to have the base as it was."""
        del whole, recipe
        self._unquantized = probes.unquantized

    def before(self, model: nn.Module, batch: Batch) -> None:
        """Compare every quantized matrix of the decoder layers."""
        del batch
        if self._unquantized is not None and any(map(is_packed, model.parameters())):
            self._found = _summed([*_compared(model, self._unquantized())])

    def after(self, subject: Subject) -> Measurement:
        """Return what was found before."""
        del subject
        if self._found is None:
            return Measurement(name=self.name, details={"reason": "the base is not quantized"})
        return Measurement(name=self.name, value=self._found.error, details=encode(self._found))


def _compared(model: nn.Module, unquantized: PreTrainedModel) -> Iterator[tuple[ModuleQuantization, float, float]]:
    """Yield of each quantized module what was found, the squared norm of its error and that of its weights."""
    for (name, computed), (_, whole) in zip(each_matrix(model), each_matrix(unquantized), strict=True):
        module = model.get_submodule(name)
        weight = module.get_parameter("weight")
        if is_packed(weight):
            error, norm = _squared(computed - whole), _squared(whole)
            share = math.sqrt(error / norm) if norm else 0.0
            found = ModuleQuantization(
                module=name, error=share, weights=logical_size(weight), bytes=weight.nbytes + scale_bytes(module)
            )
            yield found, error, norm


def _squared(matrix: Tensor) -> float:
    return float(torch.sum(matrix.double() ** 2))


def _summed(found: list[tuple[ModuleQuantization, float, float]]) -> Quantization | None:
    """Return what the modules come to together, None where no module is quantized."""
    norm = sum(each for _, _, each in found)
    if not norm:
        return None
    error = math.sqrt(sum(each for _, each, _ in found) / norm)
    return Quantization(error=error, modules=tuple(module for module, _, _ in found))
