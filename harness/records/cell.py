"""A cell, and how it ended: with a result or with a failure, which are two types."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness import names
from harness.errors import FailureKind
from harness.records.origin import MetaInfo, RunInfo
from harness.records.scores import Evaluation, Measurement, ServingLatency, check_inside
from harness.records.training import TrainRecord
from harness.records.values import JSON
from harness.trained import Artefact


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
        check_inside(self.cell.id, self.files)

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
