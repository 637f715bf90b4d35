"""What training changed of the weight matrices in the decoder layers: read in one place, whatever the method.

The change is a product of two factors where the method says so, else the tuned weights minus the base's; of adapters
the tuned weights are those that merging gives. A matrix is (out, in), in float32, on the CPU. What is not a linear
module of a decoder layer (embeddings, norms, biases, parameters that hold all experts) is not looked at.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from peft.utils.integrations import dequantize_module_weight
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from harness._compat.bitsandbytes import dequantized_8bit
from harness.methods._base import Adapted, base_of
from harness.methods.dispatch import method_of
from harness.methods.peft.modules import base_modules
from harness.methods.store import merge
from harness.methods.traits import traits
from harness.model.decoder import LINEAR, layer_names, layer_of

Matrices = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class Factors:
    """A change that is the product of `up` (out, rank) and `down` (rank, in)."""

    up: Tensor
    down: Tensor

    @property
    def product(self) -> Tensor:
        """The change, (out, in)."""
        return self.up @ self.down


def matrices(model: PreTrainedModel) -> dict[str, Tensor]:
    """Return a copy of the base's matrices by module name; packed ones as they are computed with."""
    return dict(each_matrix(model))


def each_matrix(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Yield them one after the other."""
    yield from ((name, _matrix(module)) for name, module in _linear(model))


def matrix(model: PreTrainedModel, name: str) -> Tensor:
    """Return a copy of one of them, as the base has it beneath an adapter."""
    return next(_matrix(module) for own, module in base_modules(base_of(model)) if own == name)


def factors(adapted: Adapted) -> Iterator[tuple[str, Factors]]:
    """Yield the change of each module that a low-rank adapter changes."""
    linear = {name for name, _ in _linear(adapted.model)}
    for name, (up, down) in method_of(adapted.recipe).low_rank_updates(adapted).items():
        if name in linear:
            yield name, Factors(up.float().cpu(), down.float().cpu())


def differences(adapted: Adapted, before: Matrices) -> Iterator[tuple[str, Tensor]]:
    """Yield the change of each matrix that was adapted, from what it was `before`.

    An adapter is merged in a copy of the model, which takes the memory of another one. Raises `RecipeError` where it
    cannot be merged.
    """
    trains_base = traits(adapted.recipe).trains_base_weights
    tuned = adapted.model if trains_base else merge(adapted)
    chosen = set(adapted.modules)
    for name, module in _linear(tuned):
        if name in chosen:
            yield name, _matrix(module) - before[name]


def _linear(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    base = base_of(model)
    layers = layer_names(base)
    for name, module in base_modules(base):
        if isinstance(module, LINEAR) and layer_of(name, layers) is not None:
            yield name, module


def _matrix(module: nn.Module) -> Tensor:
    of_8bit = dequantized_8bit(module)
    weight: Tensor = (dequantize_module_weight(module) if of_8bit is None else of_8bit).detach().float().cpu()
    return weight.T.clone() if isinstance(module, Conv1D) else weight.clone()
