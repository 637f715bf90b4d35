"""What a layer strategy is given and what it answers."""

from collections.abc import Callable
from dataclasses import dataclass

from transformers import PreTrainedModel

from harness.adaptation.adapted import Batches
from harness.records import Probe
from harness.spec.records import Layers


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A choice of `count` out of `total` decoder layers.

    `layers` is the recipe's block as declared. `seed` is the block's own seed or, without one, the cell's.
    `probe_batches` is how many batches a strategy that reads data may take, None for its own number.
    `model` and `batches` are None while a recipe is only described; a strategy that needs them says so.
    """

    layers: Layers
    total: int
    count: int
    seed: int
    probe_batches: int | None = None
    model: PreTrainedModel | None = None
    batches: Batches | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen layers, counted from 0 at the embedding, and what finding them took."""

    indices: tuple[int, ...]
    probe: Probe | None = None


Strategy = Callable[[Request], Choice]
