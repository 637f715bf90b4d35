"""Records that pass between rooms. Frozen, made of plain values, JSON in and out; no live object passes.

A result and a failure are two types: a failed run never becomes a number. Sizes are in bytes, times in wall-clock
seconds, losses in nats a completion token.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal

from harness import names
from harness.errors import FailureKind
from harness.trained import Artefact, FrozenPrefix, HeldOut, Precision, RowCounts, TrainedElsewhere

MIB, GIB = 2**20, 2**30
"""Bytes."""
JSON = Any
"""A JSON value: what a foreign library's block holds verbatim, or what one measurement says in detail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One recipe trained with one seed, or the untuned base model (`seed` is None).

    `id` is ``<method>--<name>--s<seed>--<hash8>``; the hash covers what changes the cell's numbers. `model` is the
    label of the base model, empty in run folders of before there was one.
    """

    id: str
    recipe: str
    seed: int | None
    model: str = ""

    def __post_init__(self) -> None:
        """Refuse an id that cannot name a folder within the run's."""
        if allowed := names.wrong(names.CELL, self.id):
            raise ValueError(f"{self.id!r:.80} cannot name a cell: a name is {allowed}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One suite scored on one model. Paths are relative to the cell's folder.

    `metrics` are lm-eval's aggregates by their keys (``acc,none``); per-item scores are in the file `samples`.
    `seconds` leave out what `prefix` says that keeping took; that is None where lower layers were computed as ever.
    `files` are both files by path, none in records of before they were noted; `state_sha256` is the digest of the
    trained files that were scored, None for a model that was not trained.
    """

    task: str
    items: int
    metrics: Mapping[str, float]
    results: str
    samples: str
    scorer: str
    seconds: float
    prefix: FrozenPrefix | None = None
    files: Mapping[str, Artefact] = field(default_factory=dict)
    state_sha256: str | None = None

    def __post_init__(self) -> None:
        """Refuse a score that is not a number, and a file that is not in the cell's folder."""
        _check_inside(self.task, (self.results, self.samples, *self.files))
        bad = {key: value for key, value in self.metrics.items() if not math.isfinite(value)}
        if bad:
            raise ValueError(f"{self.task}: a score must be finite, got {bad}")


def _check_inside(whose: str, paths: Iterable[str]) -> None:
    if outside := [path for path in paths if not _is_inside(path)]:
        raise ValueError(f"{whose}: the file {outside[0]!r:.80} is not in the cell's folder")


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path)
    return not parts.is_absolute() and ".." not in parts.parts and not names.hidden(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What the contamination check compared: training rows with the items of each suite that is scored.

    A single hit stops an experiment before anything is trained, so `hits` is 0 in whatever was. `exempt` names
    the suites that ask for trained facts by design.
    """

    rows: int
    items: Mapping[str, int]
    exempt: tuple[str, ...] = ()
    hits: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What a device holds of a training batch: `rows_at_once` rows at a time, the same for all recipes; None is all.

    `way` is ``measured`` by steps of the largest recipe, ``estimated`` as a plan does, or ``declared``: nothing was
    settled, and batches are read whole. `recipe` is the largest, `rows` those of its declared batch, `taken` the bytes
    that it takes with the rows that were settled, and `room` those that the device has; None where that is not known.
    """

    way: Literal["declared", "estimated", "measured"] = "declared"
    rows_at_once: int | None = None
    recipe: str | None = None
    rows: int | None = None
    taken: int | None = None
    room: int | None = None

    def __str__(self) -> str:
        """Return it in words, for a report and a log."""
        if self.rows_at_once is None:
            return "training batches are read whole"
        room = "" if self.room is None else f" of {self.room / GIB:.1f} GiB"
        rows = f"{self.rows_at_once} row{'s' * (self.rows_at_once > 1)}"
        return (
            f"training batches are read {rows} at a time, in every cell: the memory{room} does not "
            f"hold {self.rows} of {self.recipe} ({self.way}); gradients are the same up to rounding"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What one diagnostic found out about a cell.

    `passed` is None where the diagnostic asserts nothing or does not apply; `value` is its one number where it has
    one; `details` are JSON values; `arrays` is the file, relative to the cell's folder, that holds its arrays.
    """

    name: str
    passed: bool | None = None
    value: float | None = None
    details: Mapping[str, JSON] = field(default_factory=dict)
    arrays: str | None = None

    def __post_init__(self) -> None:
        """Refuse a value that is not a number."""
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"{self.name}: a measurement must be finite, got {self.value}")


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
    model's weights in memory, `start_sha256` a digest of the trainable weights before the first step. `precision` and
    `rows` are None in records of before they were noted; of several stages `rows` are those of all of them. `held_out`
    is there where the spec asks for the validation loss of every cell, `prefix` where it asks for lower layers to be
    read. `notes` say where the architecture adapts more
    or less than the recipe asks.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What a cell took: seconds by stage (``load``, ``train``, ``evaluate``, …) and the peak memory of its process.

    `file_size` is what was trained, as it lies on disk. What was not measured is None.
    """

    seconds: Mapping[str, float]
    rss_max: int | None = None
    accelerator_memory_allocated_max: int | None = None
    accelerator_memory_max: int | None = None
    file_size: int | None = None

    @property
    def total_seconds(self) -> float:
        """Seconds of all stages together."""
        return float(sum(self.seconds.values()))

    @property
    def memory(self) -> int | None:
        """Peak memory: the accelerator's where there was one, else the process's."""
        return self.rss_max if self.accelerator_memory_max is None else self.accelerator_memory_max


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How fast a model answers at batch 1, medians of a few repeats.

    `forward_seconds` is one pass over a prompt of 128 tokens; `tokens_per_second` counts 32 tokens generated
    greedily after it, the prompt's pass included in the time.
    """

    forward_seconds: float
    tokens_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingLatency:
    """The latency of a cell's base, of its adapter on it, and of both merged; `not_merged` says why there is none."""

    base: Latency
    adapter: Latency
    merged: Latency | None = None
    not_merged: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageInfo:
    """What one stage of a recipe was asked to do: PEFT's configuration and SFTConfig's fields, as declared."""

    peft_config: Mapping[str, JSON] | None
    train_config: Mapping[str, JSON]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """What was asked for. `recipe` is its declaration as JSON, None for the base; so are the blocks beside it.

    `existing` is there for a model that was trained elsewhere, whose `seed` is the one in whose place it stands,
    `start` for the adapter that a training started from.
    """

    experiment_name: str
    seed: int | None
    recipe: Mapping[str, JSON] | None = None
    peft_config: Mapping[str, JSON] | None = None
    train_config: Mapping[str, JSON] | None = None
    stages: tuple[StageInfo, ...] = ()
    existing: TrainedElsewhere | None = None
    start: TrainedElsewhere | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """The base model: the fingerprint of its weights and the dtype it was loaded in."""

    sha256: str
    dtype: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetInfo:
    """Digests of the training rows: the experiment's, and each stage's of a recipe that has stages."""

    sha256: str
    stages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemInfo:
    """The machine: `device` is the accelerator's name or ``cpu``, `threads` what torch computed with.

    `workers` is how many cells ran at once, which shows in their times alone. `rows_at_once` are the rows of a training
    batch that were read at a time, None where all were.
    """

    python: str
    machine: str
    system: str
    device: str
    threads: int
    workers: int = 1
    rows_at_once: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaInfo:
    """What a cell was made from and on; `package_info` are versions by distribution."""

    model_info: ModelInfo
    dataset_info: DatasetInfo
    package_info: Mapping[str, str]
    system_info: SystemInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class CellResult:
    """A cell that was trained (unless it is the base) and scored on every suite.

    `run_info`, `train_info` and `meta_info` are the top keys of PEFT's method_comparison result files; `train_info` is
    None for the base and for what was trained elsewhere. `measurements` are of the cell as it is scored; those of a
    training stand in its record. `files` are what was trained and what diagnostics left, by path in the cell's folder;
    those of a suite stand in its record.
    """

    cell: Cell
    run_info: RunInfo
    train_info: TrainRecord | None
    meta_info: MetaInfo
    costs: Costs
    measurements: Mapping[str, Measurement] = field(default_factory=dict)
    latency: ServingLatency | None = None
    evaluations: tuple[Evaluation, ...] = ()
    files: Mapping[str, Artefact] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a file that is not in the cell's folder."""
        _check_inside(self.cell.id, self.files)

    @property
    def training(self) -> TrainRecord:
        """The record of the training. Raises ValueError for a cell that trained nothing."""
        if self.train_info is None:
            raise ValueError(f"{self.cell.id} was not trained")
        return self.train_info

    @property
    def all_measurements(self) -> Mapping[str, Measurement]:
        """The measurements of the training and of the cell, by name."""
        return {**(self.train_info.measurements if self.train_info else {}), **self.measurements}


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFailure:
    """A cell that did not get there: what kind of failure, in which stage, and what was said."""

    cell: Cell
    kind: FailureKind
    stage: str
    message: str
    details: Mapping[str, JSON] = field(default_factory=dict)


TrialPart = Literal["search", "widening", "confirmation"]
"""Why a trial was made: it was declared, the best lay at an edge, or the choice is tried with a second seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedValues:
    """How a trial ended: its validation loss in nats a completion token, or why there is none.

    `margin` is the mean answer margin on the validation rows in bits a byte, None where the loss alone decides. `seed`
    is None in records of before there was more than one.
    """

    values: Mapping[str, JSON]
    cell: str
    validation_loss: float | None
    seconds: float | None = None
    failure: str = ""
    part: TrialPart = "search"
    seed: int | None = None
    margin: float | None = None


PhaseName = Literal["scan", "full", "push", "factorial"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseTrial:
    """One training of a search in phases; what was not measured since it failed is None.

    Loss in nats a completion token, margin in bits a byte on the validation rows. `train_seconds` are those of training
    with what this trial itself probed before it, `probe_seconds` of the latter alone, `seconds` of everything.
    """

    cell: str
    seed: int
    steps: int | None = None
    validation_loss: float | None = None
    margin: float | None = None
    probe_seconds: float | None = None
    train_seconds: float | None = None
    seconds: float | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseEntry:
    """An arm with the values that a phase tried it with: its trials, one a seed, their means, and if it was kept."""

    arm: str
    values: Mapping[str, JSON]
    trials: tuple[PhaseTrial, ...]
    loss: float | None
    margin: float | None
    kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPhase:
    """What a phase tried, in the order of trials."""

    name: PhaseName
    entries: tuple[PhaseEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRecipe:
    """What a search in phases found: an arm, with `values` laid over it; `recipe` is its name in the run."""

    arm: str
    values: Mapping[str, JSON]
    recipe: str
    phases: tuple[SearchPhase, ...]

    @property
    def trials(self) -> tuple[PhaseTrial, ...]:
        """All trials, each once: what one phase trained the next need not train again."""
        listed = (each for phase in self.phases for entry in phase.entries for each in entry.trials)
        return tuple({each.cell: each for each in listed}.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenValues:
    """What a recipe trains with after its trials; None where every trial failed and its own values stay.

    `at_edge` names the fields whose chosen value is the least or largest that was tried: the best may lie beyond.
    `validation_loss` and `margin` are means over the seeds that the values were tried with, None where they were not
    taken or kept. `behind` is how far the margin is behind the greatest, with the standard error of that difference.
    """

    recipe: str
    values: Mapping[str, JSON] | None
    trials: tuple[TriedValues, ...]
    at_edge: tuple[str, ...] = ()
    validation_loss: float | None = None
    margin: float | None = None
    behind: tuple[float, float] | None = None
