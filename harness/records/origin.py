"""What a cell was asked to be, and what it was made from and on."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.records.values import JSON
from harness.trained import TrainedElsewhere


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
