"""What runs inside a worker process: prepare an experiment, or train and score one cell.

Heavy libraries are imported here and nowhere above; the process that schedules stays light.
"""

import traceback
from collections.abc import Callable

import torch

from harness.errors import FailureKind, HarnessError, RecipeError, SourceError, TaskError, TrainingError
from harness.execution.cell import Progress, run_cell, run_trial
from harness.execution.job import Job, Message, Refused, Stage
from harness.plan.costs import Estimate
from harness.preflight import estimate as estimating
from harness.preflight import prepare as preparing
from harness.records import CellFailure, CellResult
from harness.spec.records import Experiment

__all__ = ["estimate", "prepare", "try_out", "work"]

Send = Callable[[Message], None]

_KINDS: dict[type[Exception], FailureKind] = {
    torch.OutOfMemoryError: "out_of_memory",
    MemoryError: "out_of_memory",
    TaskError: "task",
    RecipeError: "recipe",
    SourceError: "source",
}


def prepare(experiment: Experiment, send: Send) -> None:
    """Send what preparing the experiment found; a user's mistake goes as `Refused`."""
    try:
        send(preparing.prepare(experiment, device=_device(), on_stage=lambda name: send(Stage(name))))
    except HarnessError as error:
        send(Refused.of(error))


def estimate(experiment: Experiment, send: Callable[[Message | Estimate], None]) -> None:
    """Send the experiment's `Estimate`, or a user's mistake as `Refused`. Nothing is downloaded."""
    try:
        send(estimating.estimate(experiment, device=_device()))
    except HarnessError as error:
        send(Refused.of(error))


def work(job: Job, send: Send) -> None:
    """Train and score one cell; whatever happens ends as a `CellResult` or a `CellFailure` sent back."""
    _told(run_cell, job, send)


def try_out(job: Job, send: Send) -> None:
    """Train one trial and take its validation loss; it ends as `work` does."""
    _told(run_trial, job, send)


def _told(run: Callable[[Job, Progress], CellResult], job: Job, send: Send) -> None:
    progress = Progress(send)
    try:
        send(run(job, progress))
    except Exception as error:  # noqa: BLE001 - a failed cell is a record, and the other cells go on
        traceback.print_exc()  # standard error is the run's log file
        send(
            CellFailure(
                cell=job.planned.cell,
                kind=kind_of(error),
                stage=progress.stage,
                message=str(error) if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}",
                details={"traceback": traceback.format_exc()},
            )
        )


def kind_of(error: Exception) -> FailureKind:
    """Return the ledger's name for what went wrong; what nobody foresaw is a ``bug``."""
    if isinstance(error, TrainingError):
        return error.kind
    if isinstance(error, RuntimeError) and "can't allocate memory" in str(error):
        return "out_of_memory"  # PyTorch's CPU allocator has no exception type of its own
    return next((kind for each, kind in _KINDS.items() if isinstance(error, each)), "bug")


def _device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"
