"""What an experiment would cost, as records: estimates, made elsewhere and labelled so."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.plan.power import Power
from harness.records import Screening
from harness.trained import RowCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class CellCost:
    """One cell: parameters, tokens trained on, seconds, bytes of peak memory and of what stays on disk.

    `written` are bytes that lie on disk while the cell runs and are deleted when it has ended, such as the weights of
    full fine-tuning. `matched` says what a recipe's `match` comes to, `rows` what `max_length` leaves of the training
    rows, None where they could not be counted.
    """

    cell: str
    recipe: str
    layers: int
    trainable: int
    tokens: int
    train_seconds: float
    evaluate_seconds: float
    memory: int
    disk: int
    written: int = 0
    matched: str | None = None
    rows: RowCounts | None = None

    @property
    def seconds(self) -> float:
        """Training and scoring."""
        return self.train_seconds + self.evaluate_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingMemory:
    """What one training of a recipe asks of memory, in bytes.

    `base` is the base model as it is loaded; `masters` what float32 adds for what trains: beside the base, or, of a
    recipe that `trains_base`, in its place. `gradients`, `moments` (AdamW's two) and the copy that early stopping
    `keeps` are of what trains. A batch has `rows`, a step `examples`; each row takes `a_row` of activations, or
    `a_row_again` where these are computed again in the backward pass. `outside` and `layer` are bytes of weights
    as products take them: of what lies outside the decoder's layers, and of the largest of these. A batch that is not
    `divisible` is read whole; `packed` tells whether the base is quantized.
    """

    recipe: str
    libraries: int
    base: int
    masters: int
    gradients: int
    moments: int
    keeps: int
    rows: int
    examples: int
    a_row: float
    a_row_again: float
    recomputes: bool
    trains_base: bool
    outside: int = 0
    layer: int = 0
    divisible: bool = True
    packed: bool = False

    @property
    def weights(self) -> int:
        """Bytes of the base and of what trains."""
        return self.base + self.masters

    @property
    def fixed(self) -> int:
        """Bytes without activations."""
        return self.libraries + self.weights + self.gradients + self.moments + self.keeps

    def bytes_with(self, rows_at_once: int | None = None) -> int:
        """Return what it takes where so many rows are read at a time, None being all."""
        rows = self.rows if rows_at_once is None else min(self.rows, rows_at_once)
        return round(self.fixed + rows * self.a_row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What the whole experiment would cost, cell by cell in order, and what could not be looked at for it."""

    device: str
    parameters: int
    cells: tuple[CellCost, ...]
    trials: tuple[CellCost, ...]
    suites: Mapping[str, tuple[int, float]]
    """Items that are scored and tokens an item, by task."""
    rows: int | None
    measured: str
    """The day on which this machine's speed was measured, ISO 8601."""
    busy: bool
    """Whether something else ran on it then, so that times are too long."""
    scaled: bool = False
    """Whether it was measured at a smaller shape than the model's, and scaled by counted operations."""
    screening: Screening | None
    """None where the training rows could not be had."""
    power: Power
    unscreened: tuple[str, ...] = ()
    """Suites that the training rows were not compared with."""
    assumed: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    """What is not in the cache, so that something had to be assumed."""
    reasons: tuple[str, ...] = ()
    """Why else something had to be."""
    widening: tuple[CellCost, ...] = ()
    """Trials that there may be beyond `trials`, where choices lie at the edge of the search."""
    at_once: int = 1
    """Cells that run at once."""
    trainings: tuple[TrainingMemory, ...] = ()
    """What each training of each recipe asks of memory."""
    few_rows: tuple[str, ...] = ()
    """Recipes that train on fewer rows than their kind of task is said to need."""
    memory_on: str | None = None
    """The kind of device that memory is told of, None where it is the one that times are of."""
    layer_class: str = ""
    """The class of the model's decoder layers, by which launchers know what to shard."""

    @property
    def seconds(self) -> float:
        """Training and scoring of all cells and expected trials, one after the other."""
        return sum(each.seconds for each in (*self.trials, *self.cells))

    @property
    def elapsed(self) -> float:
        """Seconds of the clock, if cells that run at once do not slow each other down."""
        longest = max(each.seconds for each in (*self.trials, *self.cells))
        return max(longest, self.seconds / self.at_once)

    @property
    def search_seconds(self) -> float:
        """Training and scoring of the trials alone."""
        return sum(each.seconds for each in self.trials)

    @property
    def widening_seconds(self) -> float:
        """Training and scoring of all that widening may add to the trials."""
        return sum(each.seconds for each in self.widening)

    @property
    def memory(self) -> int:
        """Bytes of memory at the peak of the cell or trial that needs the most."""
        return max(each.memory for each in (*self.trials, *self.cells))

    @property
    def disk(self) -> int:
        """Bytes that all cells together leave on disk."""
        return sum(each.disk for each in self.cells)

    @property
    def disk_peak(self) -> int:
        """Bytes on disk at the peak, one cell after the other: what is kept by then and what the running one writes."""
        kept = [sum(each.disk for each in self.cells[: place + 1]) for place in range(len(self.cells))]
        return max((before + each.written for before, each in zip(kept, self.cells, strict=True)), default=0)
