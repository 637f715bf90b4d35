"""What a training did, and what was measured for it beforehand."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.records.scores import Measurement
from harness.records.values import JSON
from harness.trained import FrozenPrefix, HeldOut, Precision, RowCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What was measured on data before training, and what it cost.

    `scores` holds one number a decoder layer for a strategy that ranks layers (they sum to 1), and is empty for an
    initialisation from data. Where they are `shared`, another cell of the run measured them, or an earlier start: the
    `seconds` are what it took there, since the recipe by itself would have taken them. `notes` say what went wrong
    with sharing.
    """

    purpose: str
    batches: int
    seconds: float
    scores: tuple[float, ...] = ()
    shared: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedSize:
    """What a recipe's `match` came to.

    The rank `r` or the bottleneck's `reduction_factor`, and the recipe whose `parameters` it fits.
    """

    r: int | None
    reduction_factor: float | None
    recipe: str
    parameters: int

    def __str__(self) -> str:
        """Return ``r=33 to match aletheia--standard (4,884,480 parameters)``."""
        size = f"r={self.r}" if self.r is not None else f"reduction factor {self.reduction_factor:.4g}"
        return f"{size} to match {self.recipe} ({self.parameters:,} parameters)"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRecord:
    """What training did: of a recipe in stages, of all of them together, with each one's own record in `stages`.

    `layers` are the decoder layers that hold something trainable, `modules` is the number of modules adapted.
    `tokens` are the data's, prompts included; `flops` is our estimate of the operations and counts virtual tokens
    too, `total_flos` transformers' (6 × parameters × tokens). `losses` has one value a step; `order` after each step
    a digest of all examples in the order in which they were seen; `engine` is how their batches were read,
    ``padding-free`` or ``padded:`` and why, None in records that do not know; `validation_losses` (step, loss) pairs,
    and `best_step` is the step whose weights were kept where early stopping chose them. `footprint` is the size of the
    model's weights in memory, with the scales of quantized ones (not in records of before 30 November 2026),
    `start_sha256` a digest of the trainable weights before the first step. `precision` and `rows` are None in records
    of before they were noted; of several stages `rows` are those of all of them. `held_out` is there where the spec
    asks for the validation loss of every cell, `prefix` where it asks for lower layers to be read. `diagnostics` are
    those that the spec asked for, by name with their options (None in records of before 1 December 2026). `notes` say
    where the architecture adapts more or less than the recipe asks.
    """

    num_trainable_params: int
    num_total_params: int
    layers: tuple[int, ...]
    modules: int
    train_time: float
    steps: int
    examples: int
    tokens: int
    losses: tuple[float, ...]
    total_flos: float
    flops: float
    order: tuple[str, ...]
    footprint: int
    start_sha256: str
    engine: str | None = None
    probes: tuple[Probe, ...] = ()
    validation_losses: tuple[tuple[int, float], ...] = ()
    validation_loss: float | None = None
    best_step: int | None = None
    matched: MatchedSize | None = None
    notes: tuple[str, ...] = ()
    precision: Precision | None = None
    rows: RowCounts | None = None
    held_out: HeldOut | None = None
    prefix: FrozenPrefix | None = None
    diagnostics: Mapping[str, Mapping[str, JSON]] | None = None
    measurements: Mapping[str, Measurement] = field(default_factory=dict)
    stages: tuple["TrainRecord", ...] = ()

    @property
    def tokens_per_second(self) -> float:
        """Tokens of the data read in a second of training."""
        return self.tokens / self.train_time

    @property
    def probe_seconds(self) -> float:
        """What ranking layers or preparing an initialisation by data took, in seconds."""
        return float(sum(probe.seconds for probe in self.probes))
