"""What a layer strategy is: the contract, what it is given, and what it answers."""

from collections.abc import Callable
from dataclasses import dataclass

from transformers import PreTrainedModel

from harness.methods.batches import Batches
from harness.methods.layers.shared import SharedProbes
from harness.records import Probe
from harness.spec.records import Layers


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A choice of `count` out of `total` decoder layers.

    `layers` is the recipe's block as declared, a strategy's own `options` in it. `seed` is the block's own seed or,
    without one, the cell's. `probe_batches` is how many batches a strategy that reads data may take, None for its own
    number. `model` and `batches` are None where there is none; a strategy that needs them says so. `probes` keep what a
    strategy measures of the model for other recipes of the run; None where nothing is kept.
    """

    layers: Layers
    total: int
    count: int
    seed: int
    probe_batches: int | None = None
    model: PreTrainedModel | None = None
    batches: Batches | None = None
    probes: SharedProbes | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen layers, counted from 0 at the embedding, and what finding them took."""

    indices: tuple[int, ...]
    probe: Probe | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerStrategy:
    """A way of choosing layers: a function, and what must be known of it before it is called.

    `choose` is a pure function of the request unless it reads the model. It never keeps the model or the data, leaves
    weights, modes and `requires_grad` flags as it found them, and answers with `Request.count` different layers.
    It raises `RecipeError` when the request cannot be met. It is called from one thread at a time.

    With `reads_data` it looks at the model's weights or at training batches: a dry run has neither and takes the first
    layers instead, as many of them, and no adapter may be at work on the model already. With `needs_gradient` it takes
    gradients by the model's weights, which quantized ones do not have.

    A third party registers a strategy, or the bare function where neither holds, in the entry-point group
    ``harness.layer_strategies``. The options it takes are in ``<name>.schema.json`` beside its module.
    """

    choose: Callable[[Request], Choice]
    reads_data: bool = False
    needs_gradient: bool = False
