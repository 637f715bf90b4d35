"""What runs inside a worker process: prepare an experiment, or train and score one cell.

Heavy libraries are imported here and nowhere above; the process that schedules stays light.
"""

import traceback
from collections.abc import Callable
from importlib.metadata import version

import torch
from lm_eval.api.task import Task
from transformers import PreTrainedTokenizerBase

from harness.errors import FailureKind, HarnessError, RecipeError, SourceError, TaskError, TrainingError
from harness.execution.cell import Progress, run_cell, run_trial
from harness.execution.estimate import estimate, shape
from harness.execution.job import Job, Message, Prepared, Refused, Stage
from harness.execution.refuse import refuse
from harness.execution.screen import rows as training_rows
from harness.execution.screen import screen
from harness.plan.identity import data_key
from harness.records import CellFailure, CellResult
from harness.sources import models
from harness.spec.records import Experiment, Suite
from harness.suites.lm_tasks import load_task
from harness.training import data

__all__ = ["estimate", "prepare", "try_out", "work"]

Send = Callable[[Message], None]

PACKAGES = ("torch", "transformers", "trl", "peft", "lm_eval", "bitsandbytes", "datasets", "tokenizers", "numpy")
_KINDS: dict[type[Exception], FailureKind] = {
    torch.OutOfMemoryError: "out_of_memory",
    MemoryError: "out_of_memory",
    TaskError: "task",
    RecipeError: "recipe",
    SourceError: "source",
}


def prepare(experiment: Experiment, send: Send) -> None:
    """Fetch the model, build the data and every suite, and say what they are; a user's mistake goes as `Refused`."""
    try:
        refuse(experiment, experiment.model.config, _device())
        send(Stage("model"))
        tokenizer = models.tokenizer(experiment.model)
        if experiment.model.config is None:  # the model is here now, and tells its shape
            refuse(experiment, shape(experiment), _device())
        send(Stage("data"))
        rows = data.rows(experiment, tokenizer)
        if experiment.tune or experiment.early_stopping:
            data.refuse_shared(rows, data.validation_rows(experiment, tokenizer))
        suites = [_suite(suite, experiment, send) for suite in experiment.suites]
        send(Stage("contamination"))
        screening = screen(training_rows(experiment), suites)
        send(
            Prepared(
                model_fingerprint=models.fingerprint(experiment.model),
                data_sha256=data.sha256(rows),
                rows=len(rows),
                screening=screening,
                device=_device(),
                versions={package: version(package) for package in PACKAGES},
                stage_sha256=_stage_hashes(experiment, tokenizer),
            )
        )
    except HarnessError as error:
        send(Refused.of(error))


def _suite(suite: Suite, experiment: Experiment, send: Send) -> Task:
    send(Stage(suite.task))
    return load_task(suite.task, beside=experiment.file.parent, include=experiment.include)


def _stage_hashes(experiment: Experiment, tokenizer: PreTrainedTokenizerBase) -> dict[str, str]:
    """Return the hash of the rows of each stage that has data of its own, by the key of its declaration."""
    stages = {data_key(part.data): part for recipe in experiment.recipes for part in recipe.stages if part.data}
    seen = {key: experiment.for_stage(stage) for key, stage in stages.items()}
    trained = {key: data.rows(each, tokenizer) for key, each in seen.items()}
    if experiment.early_stopping:
        for key, each in seen.items():
            data.refuse_shared(trained[key], data.validation_rows(each, tokenizer))
    return {key: data.sha256(rows) for key, rows in trained.items()}


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
