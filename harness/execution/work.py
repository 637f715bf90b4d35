"""One unit of work, done: prepare or estimate an experiment, train and score a cell, try a trial out.

The heavy libraries are imported from here on and nowhere above: the process that schedules stays light.
"""

import contextlib
import os
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import torch

from harness.diagnostics import StoredCell, measure_across
from harness.errors import (
    REPORT_IT,
    DamagedError,
    FailureKind,
    HarnessError,
    InternalError,
    RecipeError,
    SourceError,
    TaskError,
    TrainingError,
)
from harness.execution.cell import run_cell, run_trial
from harness.execution.clock import Clock
from harness.execution.events import Body, MeasuredAcross, Refusal, StageEntered
from harness.execution.launch import LaunchError
from harness.execution.limits import Limits, Passed, watched
from harness.execution.unit import CellWork, WorkUnit
from harness.ledger.damage import CellFiles, refuse
from harness.ledger.run import ARRAYS
from harness.model.devices import device_kind, is_lost, ran_out
from harness.paths import cache_root
from harness.preflight import estimate as estimating
from harness.preflight import prepare as preparing
from harness.preflight.declared_files import note_declared
from harness.preflight.fit import settle
from harness.records import CellFailure, CellResult
from harness.spec.records import Experiment
from harness.storage import storage_error
from harness.witness import witnessing

Tell = Callable[[Body], None]

_KINDS: dict[type[Exception], FailureKind] = {
    DamagedError: "damaged",
    TaskError: "task",
    RecipeError: "recipe",
    SourceError: "source",
}


def perform(unit: WorkUnit, tell: Tell) -> None:
    """Do the unit and tell how it goes; whatever happens, the last thing told is how it ended."""
    if unit.threads is not None:
        torch.set_num_threads(unit.threads)
    if unit.cell is not None:
        tell(_ended(unit.cell, tell, run_trial if unit.kind == "trial" else run_cell))
    elif unit.experiment is not None:
        tell(_looked_at(unit, unit.experiment, tell))


def _looked_at(unit: WorkUnit, experiment: Experiment, tell: Tell) -> Body:
    """Return what preparing, estimating or looking across cells found; a user's mistake is a `Refusal`."""
    device = device_of(unit.device)

    def on_stage(name: str) -> None:
        tell(StageEntered(name))

    try:
        if unit.kind == "prepare":
            with witnessing() as witness:
                note_declared(experiment)
                prepared = preparing.prepare(experiment, device=device, on_stage=on_stage)
            fit = settle(experiment, device, on_stage) if unit.settles_batch else prepared.fit
            return replace(prepared, seen=witness.seen(), fit=fit)
        if unit.kind == "across":
            return MeasuredAcross(measure_across(experiment.diagnostics, [_stored(each) for each in unit.trained]))
        return estimating.estimate(
            experiment, device=device, measure_anew=unit.measure_anew, memory_on=unit.memory_on, on_stage=on_stage
        )
    except Exception as error:  # noqa: BLE001 - whoever asked is told what happened, and where it is a bug
        refused = storage_error(error, unit.log.parent, cache_root())
        if refused is not None:
            return Refusal.of(refused)
        if isinstance(error, HarnessError):
            return Refusal.of(error)
        _log_traceback()
        said = f"{type(error).__name__}: {error}; this is a bug. {REPORT_IT} The traceback is in {unit.log}."
        return Refusal.of(InternalError(said))


def _stored(folder: Path) -> StoredCell:
    files = CellFiles.of(folder)
    refuse(files.run, files.training(ARRAYS))
    result = files.run.outcome(folder.name)
    assert isinstance(result, CellResult)
    return StoredCell(result=result, folder=folder)


def _ended(
    work: CellWork, tell: Tell, run: Callable[[CellWork, Clock], CellResult]
) -> CellResult | CellFailure | Refusal:
    """Return how a cell ended; what the disk refused is a `Refusal`, since it would refuse the next cell too."""
    clock, execute = Clock(tell), work.experiment.execute
    limits = Limits(memory=execute.memory_limit_bytes, minutes=execute.time_limit_minutes)
    try:
        with watched(limits, lambda passed: _end_at_limit(work, clock, tell, passed)):
            return run(work, clock)
    except LaunchError as error:  # its process has logged it
        return error.failure
    except Exception as error:  # noqa: BLE001 - a failed cell is a record, and the other cells go on
        return failure_of(work, error, clock.stage)


def failure_of(work: CellWork, error: Exception, stage: str) -> CellFailure | Refusal:
    """Return what an error comes to that is being handled; what the disk refused ends the command."""
    _log_traceback()
    refused = storage_error(error, work.folder.parents[1], cache_root())
    if refused is not None:
        return Refusal.of(refused)
    return CellFailure(
        cell=work.planned.cell,
        kind=kind_of(error),
        stage=stage,
        message=str(error) if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}",
        details={"traceback": traceback.format_exc()},
    )


def _end_at_limit(work: CellWork, clock: Clock, tell: Tell, passed: Passed) -> NoReturn:
    """Tell that the cell failed and end the process, whatever it is at."""
    kind, said = passed
    tell(CellFailure(cell=work.planned.cell, kind=kind, stage=clock.stage, message=said))
    os._exit(0)


def _log_traceback() -> None:
    """Write the traceback to standard error, which is the run's log, if the disk still takes it."""
    with contextlib.suppress(OSError):
        traceback.print_exc()


def kind_of(error: Exception) -> FailureKind:
    """Return the ledger's name for what went wrong; what nobody foresaw is a ``bug``."""
    if isinstance(error, TrainingError):
        return error.kind
    if ran_out(error):
        return "out_of_memory"
    if is_lost(error):
        return "device"
    return next((kind for each, kind in _KINDS.items() if isinstance(error, each)), "bug")


def device_of(asked: str | None) -> str:
    """Return the device that is asked for as torch knows it in a process that sees one accelerator alone."""
    if asked is not None:
        return device_kind(asked)
    return "cuda" if torch.cuda.is_available() else "cpu"
