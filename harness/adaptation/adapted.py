"""What adapting a model gives back: the model to train and the facts about it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from peft import PeftModel
from torch import Tensor
from transformers import PreTrainedModel, TrainerCallback

from harness.records import Probe
from harness.spec.records import Recipe

Batch = Mapping[str, Tensor]
"""Tokenised training examples: `input_ids`, `attention_mask` and `labels`, each (rows, tokens)."""

Batches = Callable[[], Iterable[Batch]]
"""Starts a fresh pass over training batches; two calls yield the same ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapted:
    """A model ready to train.

    `layers` are the decoder layers that hold something trainable, `modules` the base model's names of the
    modules that are adapted (full fine-tuning: of those that own a trainable weight). `total` counts the
    adapter's parameters too, and a 4-bit weight by its logical shape. `callbacks` must be given to the trainer.
    `initial` holds the adapter's first values where its initialisation rewrote the base weights (PiSSA and its
    like).
    """

    model: PreTrainedModel | PeftModel
    recipe: Recipe
    layers: tuple[int, ...]
    modules: tuple[str, ...]
    trainable: int
    total: int
    callbacks: tuple[TrainerCallback, ...] = ()
    probes: tuple[Probe, ...] = ()
    initial: Mapping[str, Tensor] = field(default_factory=dict)
