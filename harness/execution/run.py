"""Run an experiment: prepare, lock, then each cell that has not ended; the only writer of the ledger."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import __version__
from harness.errors import HarnessError, LedgerError
from harness.execution.job import Finished, Job, Message, Prepared
from harness.execution.process import describe_exit, run_in_process, start_server
from harness.execution.progress import Watcher
from harness.ledger import Outcome, Run
from harness.ledger.files import write_json
from harness.ledger.run import LOCK
from harness.plan.cells import PlannedCell, plan_cells
from harness.records import CellFailure, CellResult
from harness.spec import lock
from harness.spec.records import Experiment


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a run treats what is there already."""

    retry_failed: bool = False


def execute(experiment: Experiment, folder: Path, watcher: Watcher, options: Options) -> Run:
    """Run what has not run yet and return the run folder; failed cells are outcomes, not exceptions.

    Raises `HarnessError` when nothing can be run: the model or data cannot be had, or `folder` holds a run of
    other data.
    """
    run = Run(folder)
    start_server(run.log)
    prepared = _prepare(experiment, watcher)
    cells = plan_cells(experiment, prepared.model_fingerprint)
    _write_lock(run, experiment, prepared, cells)
    _adopt_from_siblings(run, cells)
    waiting = [each for each in cells if _is_waiting(run, each, options)]
    watcher.planned(cells, len(cells) - len(waiting))
    for planned in waiting:
        watcher.cell(cells.index(planned), planned)
        outcome = _run_cell(run, _job(run, experiment, planned, prepared), watcher)
        run.write_outcome(outcome)
        watcher.ended(outcome)
    return run


def _prepare(experiment: Experiment, watcher: Watcher) -> Prepared:
    said: list[Message] = []

    def hear(message: Message) -> None:
        said.append(message)
        watcher.preparing(message)

    code = run_in_process("prepare", experiment, hear)
    last = said[-1] if said else None
    if isinstance(last, Prepared):
        return last
    raise HarnessError(last if isinstance(last, str) else f"preparing model and data: {describe_exit(code)}.")


def _write_lock(run: Run, experiment: Experiment, prepared: Prepared, cells: tuple[PlannedCell, ...]) -> None:
    content = {
        "experiment": lock(experiment),
        "overrides": list(experiment.overrides),
        "cells": [planned.cell.id for planned in cells],
        "hashes": {
            "model": prepared.model_fingerprint,
            "data": prepared.data_sha256,
            "stages": dict(prepared.stage_sha256),
        },
        "rows": prepared.rows,
        "versions": {"harness": __version__, **prepared.versions},
    }
    if (run.folder / LOCK).exists():
        _check_same_data(run, content)
    write_json(run.folder / LOCK, content)
    run.journal.append("started", versions=content["versions"], overrides=content["overrides"])


def _check_same_data(run: Run, content: Mapping[str, Any]) -> None:
    before, now = run.lock, content
    same_spec = before["experiment"]["data"] == now["experiment"]["data"]
    if same_spec and before["hashes"]["data"] != now["hashes"]["data"]:
        raise LedgerError(
            f"{run.folder} was trained on other rows than {now['experiment']['data']} gives now. The cells there "
            "stay as they are; start again with another --out."
        )
    stages = before["hashes"].get("stages", {})
    if any(stages.get(key, rows) != rows for key, rows in now["hashes"]["stages"].items()):
        raise LedgerError(
            f"{run.folder} was trained on other rows than a stage's data gives now. The cells there stay as they are; "
            "start again with another --out."
        )


def _adopt_from_siblings(run: Run, cells: tuple[PlannedCell, ...]) -> None:
    """Copy finished cells of the same id from run folders beside this one: the same cell is computed once."""
    for planned in cells:
        mine = run.cell_folder(planned.cell)
        if mine.exists():
            continue
        for theirs in sorted(run.folder.parent.glob(f"*/cells/{planned.cell.id}")):
            if isinstance(Run(theirs.parent.parent).outcome(planned.cell), CellResult):
                shutil.copytree(theirs, mine)
                run.journal.append("adopted", cell=planned.cell.id, source=theirs.parent.parent.name)
                break


def _is_waiting(run: Run, planned: PlannedCell, options: Options) -> bool:
    """Say whether a cell is still to be run: it has not ended, failed and is retried, or lacks a suite."""
    outcome = run.outcome(planned.cell)
    if outcome is None:
        return True
    if isinstance(outcome, CellFailure):
        return options.retry_failed
    return not run.scored(planned.cell).issuperset(planned.suites)


def _job(run: Run, experiment: Experiment, planned: PlannedCell, prepared: Prepared) -> Job:
    return Job(
        experiment=experiment,
        planned=planned,
        folder=run.cell_folder(planned.cell),
        device=prepared.device,
        model_fingerprint=prepared.model_fingerprint,
        data_sha256=prepared.data_sha256,
        versions=prepared.versions,
        stage_sha256=prepared.stage_sha256,
    )


def _run_cell(run: Run, job: Job, watcher: Watcher) -> Outcome:
    ended: list[Outcome] = []

    def hear(message: Message) -> None:
        if isinstance(message, CellResult | CellFailure):
            ended.append(message)
            return
        if isinstance(message, Finished):
            run.journal.append("evaluated", cell=job.planned.cell.id, key=message.key)
        watcher.message(message)

    run.journal.append("began", cell=job.planned.cell.id)
    code = run_in_process("work", job, hear)
    if ended:
        return ended[0]
    return CellFailure(cell=job.planned.cell, kind="killed", stage="unknown", message=describe_exit(code))
