"""What a worker process is told, and what it says back: plain records, so that any executor can carry them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.errors import HarnessError
from harness.plan.cells import PlannedCell
from harness.plan.identity import data_key
from harness.preflight.prepared import Prepared
from harness.records import CellFailure, CellResult, Evaluation
from harness.spec import records as spec
from harness.spec.records import Experiment

MERGE_GUARD = "merged_scores_agree"
"""The guard of a spec's ``merge.check``, by its name in a cell's result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What another recipe spent on training with the same seed: seconds with probing, estimated operations.

    `rows` is the number of examples a step, from which the tokens of a step of another size follow.
    """

    seconds: float
    flops: float
    steps: int
    tokens: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One cell to train and score in `folder`, which may hold what an earlier start did of it.

    `spent` is there for a recipe that is to spend as much as another.
    """

    experiment: Experiment
    planned: PlannedCell
    folder: Path
    device: str
    model_fingerprint: str
    data_sha256: str
    versions: Mapping[str, str] = field(default_factory=dict)
    spent: Spent | None = None
    stage_sha256: Mapping[str, str] = field(default_factory=dict)
    """Hashes of the rows of stages with data of their own, by `data_key`."""

    def for_stage(self, stage: spec.Stage) -> "Job":
        """Return the job as one stage sees it: with the data that trains it."""
        rows = self.data_sha256 if stage.data is None else self.stage_sha256[data_key(stage.data)]
        return replace(self, experiment=self.experiment.for_stage(stage), data_sha256=rows)


@dataclass(frozen=True, slots=True)
class Step:
    """One training step was made; `loss` in nats a completion token, `tokens` seen so far, prompts included."""

    step: int
    steps: int
    loss: float
    tokens: int


@dataclass(frozen=True, slots=True)
class Stage:
    """A cell entered a stage: ``load``, ``train``, ``save`` or ``evaluate <task>``."""

    name: str


@dataclass(frozen=True, slots=True)
class Scored:
    """Some of a suite's items were scored."""

    task: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Finished:
    """One suite is scored and its files are written."""

    key: str
    evaluation: Evaluation


@dataclass(frozen=True, slots=True)
class Refused:
    """A user's mistake that was found while preparing: what is said of it, and the exit code that it has."""

    text: str
    exit_code: int

    @classmethod
    def of(cls, error: HarnessError) -> "Refused":
        """Take what a worker caught."""
        return cls(str(error), error.exit_code)

    def error(self) -> HarnessError:
        """Return the mistake as the error to raise where the command line hears it."""
        error = HarnessError(self.text)
        error.exit_code = self.exit_code
        return error


Message = Step | Stage | Scored | Finished | Prepared | Refused | CellResult | CellFailure
