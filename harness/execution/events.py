"""What a worker says while it works: plain records, one JSON line each, so that any executor can carry them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from harness.codec import decode, encode
from harness.errors import HarnessError, StorageError, StorageKind
from harness.plan.costs import Estimate
from harness.preflight.prepared import Prepared
from harness.records import CellFailure, CellResult, Evaluation, Fit, Measurement
from harness.trained import Artefact


@dataclass(frozen=True, slots=True)
class StepDone:
    """One training step was made; `loss` in nats a completion token, `tokens` read so far, prompts included.

    Where a recipe trains in stages, all of it is counted anew in each: this is number `stage` of `stages`.
    """

    step: int
    steps: int
    loss: float
    tokens: int
    stage: int = 1
    stages: int = 1


@dataclass(frozen=True, slots=True)
class StageEntered:
    """The work entered a stage: ``load``, ``train``, ``save``, ``evaluate <task>``, or what is being prepared."""

    name: str


@dataclass(frozen=True, slots=True)
class ItemsScored:
    """Some of a suite's requests are answered."""

    task: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class SuiteScored:
    """One suite is scored and its files are written below ``eval/<key>/``."""

    key: str
    evaluation: Evaluation


@dataclass(frozen=True, slots=True)
class TrainingSaved:
    """What was trained is on the disk, in `files` by path in the cell's folder."""

    files: Mapping[str, Artefact]


@dataclass(frozen=True, slots=True)
class Resumed:
    """A training goes on from a checkpoint that was made after a step of so many."""

    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class NotResumed:
    """What an earlier start left of a training is not gone on from; `why` is a sentence that names it."""

    why: str


@dataclass(frozen=True, slots=True)
class StartedAgain:
    """The machine that had the unit was lost, for the `reason`, and another one has it; said by an executor."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """What ends the command and not one cell alone: its text, and the exit code that it has.

    A user's mistake that was found while preparing or planning, or what a disk refused, with its kind.
    """

    text: str
    exit_code: int
    storage: StorageKind | None = None

    @classmethod
    def of(cls, error: HarnessError) -> "Refusal":
        """Take what a worker caught."""
        return cls(str(error), error.exit_code, error.kind if isinstance(error, StorageError) else None)

    def error(self) -> HarnessError:
        """Return the mistake as the error to raise where the caller hears it."""
        if self.storage is not None:
            return StorageError(self.storage, self.text)
        error = HarnessError(self.text)
        error.exit_code = self.exit_code
        return error


@dataclass(frozen=True, slots=True)
class MeasuredAcross:
    """What diagnostics found over the run's trained cells, by name."""

    measurements: Mapping[str, Measurement]


@dataclass(frozen=True, slots=True)
class BatchSettled:
    """The device does not hold whole training batches, and `fit` is what is read of them at a time."""

    fit: Fit


Told = (
    StepDone
    | StageEntered
    | ItemsScored
    | SuiteScored
    | TrainingSaved
    | StartedAgain
    | Resumed
    | NotResumed
    | BatchSettled
)
"""What is told while a unit of work goes on."""

Answer = Prepared | Estimate | MeasuredAcross | Refusal | CellResult | CellFailure
"""What ends a unit of work: nothing comes after it."""

Body = Told | Answer
"""What happened."""

_BODIES: dict[str, type] = {each.__name__: each for each in get_args(Told) + get_args(Answer)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened, and to whom: the unit of work, which start of it this is, and the cell it is about, if any."""

    unit: str
    attempt: int
    cell: str | None
    body: Body

    def line(self) -> bytes:
        """Return the event as one line of JSON. A number that is not finite is refused with a ValueError."""
        head = {"unit": self.unit, "attempt": self.attempt, "cell": self.cell, "event": type(self.body).__name__}
        text = json.dumps({**head, "body": encode(self.body)}, allow_nan=False)
        return text.encode() + b"\n"

    @classmethod
    def parse(cls, line: bytes) -> "Event":
        """Return the event of a line. Raises ValueError for a line that is none."""
        data = json.loads(line)
        try:
            kind = _BODIES[data["event"]]
            return cls(unit=data["unit"], attempt=data["attempt"], cell=data["cell"], body=decode(kind, data["body"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"this is not an event: {line[:80]!r}") from error
