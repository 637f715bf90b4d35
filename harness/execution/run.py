"""Run an experiment: prepare, lock, then each cell that has not ended; the only writer of the ledger."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness import __version__
from harness.codec import JSON, encode
from harness.errors import FailureKind, LedgerError
from harness.execution._base import Executor
from harness.execution.adopt import lacking
from harness.execution.ask import ask
from harness.execution.events import BatchSettled, MeasuredAcross, StageEntered
from harness.execution.executors import executor_of
from harness.execution.phases import search_in_phases
from harness.execution.reproduction import Original, hashes
from harness.execution.schedule import Schedule
from harness.execution.search import Searched, search
from harness.execution.selection import Selection, check_known
from harness.execution.unit import WorkUnit
from harness.execution.watcher import Unwatched, Watcher
from harness.ledger import RunFolder
from harness.ledger.claims import Claims
from harness.ledger.hardware import code, hardware
from harness.ledger.lock import LOCK, Lock, Machine, Reproduction, write_lock
from harness.ledger.outcomes import UNREADABLE, read_training
from harness.ledger.presence import ANOTHER_FOLDER, at_work, note_begun
from harness.ledger.run import ENDED, MEASURED, MEASUREMENTS, PREFIX, TRAINED
from harness.plan.cells import PlannedCell, plan_cells
from harness.preflight.known import read_known, surroundings, write_known
from harness.preflight.prepared import Prepared
from harness.preflight.trackers import check_trackers
from harness.records import Cell, CellFailure, CellResult, TrainRecord
from harness.spec.records import Experiment
from harness.verdict import Verdicts, judge_run


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a run treats what is there already."""

    retry: frozenset[FailureKind] = frozenset()
    """The kinds of failure that are tried again."""
    go_on: bool = False
    """Go past looks at which the run stops."""
    repair: bool = False
    """Make damaged files again."""
    original: Original | None = None
    """The lock that the run is held to."""
    selection: Selection = field(default_factory=Selection)
    """The units that this process takes; what came of it is noted there."""


def execute(experiment: Experiment, folder: Path, watcher: Watcher, options: Options) -> RunFolder:
    """Run what has not run yet and return the run folder; failed cells are outcomes, not exceptions.

    Raises `HarnessError` when nothing can be run: the model or data cannot be had, or `folder` holds a run of
    other data; and `UsageError` where a part is asked for that the plan does not have, or of a run of another spec.
    """
    check_trackers(experiment)
    with at_work(folder, experiment, go_on=options.go_on):
        note_begun(folder, experiment, anew=options.selection.is_all)
        return _execute(experiment, RunFolder(folder), watcher, options)


def _execute(experiment: Experiment, run: RunFolder, watcher: Watcher, options: Options) -> RunFolder:
    around = surroundings(experiment)
    known = _known(run, around, experiment, options)
    with executor_of(experiment, run.log, remedy=ANOTHER_FOLDER, at_once=known is None) as executor:
        found = known or _prepare(experiment, run, executor, watcher)
        prepared = _with_settled_batch(run, _with_settled_threads(run, experiment, found), watcher)
        _check_same_data(run, experiment, prepared)
        reproduces = None if options.original is None else options.original.held(experiment, prepared)
        if known is None:
            write_known(run.folder, around, prepared)
        trials = Schedule(
            run=run,
            experiment=experiment,
            prepared=prepared,
            executor=executor,
            watcher=watcher,
            retry=options.retry,
            repair=options.repair,
            kind="trials",
            selection=options.selection,
        )
        _check_named(trials)
        if _execute_all(trials, go_on=options.go_on, reproduces=reproduces):
            options.selection.whole = True
            shutil.rmtree(run.folder / PREFIX, ignore_errors=True)
    options.selection.note_left(lambda unit: run.ended(unit) or run.ended(unit, "trials"))
    return run


def _check_named(trials: Schedule) -> None:
    """Raise `UsageError` where units are named that there are not, or whose ids are not known yet."""
    if not trials.selection.cells:
        return
    experiment, content = trials.experiment, trials.prepared.content
    found = _search(replace(trials, selection=Selection(count=0), watcher=Unwatched()))
    settled = found.settled(experiment)
    cells = plan_cells(experiment, content)[:1] if settled is None else plan_cells(settled, content)
    known = [each.cell.id for each in (*(trial.planned for trial in found.trials), *cells)]
    check_known(trials.selection.cells, known, search_is_open=settled is None)


def _execute_all(trials: Schedule, *, go_on: bool, reproduces: Reproduction | None) -> bool:
    """Run the search and the cells as far as the selection goes; tell whether the run has ended."""
    run, experiment, prepared = trials.run, trials.experiment, trials.prepared
    base = plan_cells(experiment, prepared.content)[:1]
    if experiment.decides_by:  # trials train: what cannot be compared is found now
        first = replace(trials, kind="cells", selection=trials.selection.of_any())
        first.mend(base)
        if any(run.ended(each.cell) is None for each in base) and not first.execute(base):
            return False
    searched = _search(trials)
    settled = searched.settled(experiment)
    if settled is None:
        return False
    cells = plan_cells(settled, prepared.content)
    _check_diagnostics(run, cells, settled)
    _write_lock(run, settled, prepared, cells, searched, reproduces=reproduces)
    schedule = replace(trials, experiment=settled, kind="cells")
    if cells:
        schedule.mend(cells)
        if not _execute_to_looks(schedule, cells, go_on=go_on):
            return False
    _measure_across(run, cells, settled, trials.executor)
    return True


def _search(trials: Schedule) -> Searched:
    return search(trials) if trials.experiment.search is None else search_in_phases(trials)


def _execute_to_looks(schedule: Schedule, cells: tuple[PlannedCell, ...], *, go_on: bool) -> bool:
    """Run the cells of the first look, judge, then those of the next, until the run stops or all have run.

    Return whether one of these is so: of a part of the run, others may have the rest.
    """
    experiment = schedule.experiment
    looks = experiment.looks or (len(experiment.seeds),)
    for number, seeds in enumerate(looks, 1):
        among = {None, *experiment.seeds[:seeds]}
        reached = tuple(planned for planned in cells if planned.cell.seed in among)
        if not schedule.execute(reached):
            return False
        if number < len(looks) and (verdicts := _stopping(schedule, number)) and not go_on:
            schedule.selection.verdicts = verdicts
            return True
    return True


def _stopping(schedule: Schedule, number: int) -> Verdicts | None:
    """Judge a run whose cells of a look have ended; return its verdicts if it stops there, else None."""
    verdicts = judge_run(schedule.run)
    assert verdicts.looks is not None
    schedule.watcher.looked(verdicts.looks)
    return verdicts if verdicts.looks.taken[number - 1].stop is not None else None


def _known(
    run: RunFolder, around: Mapping[str, str] | None, experiment: Experiment, options: Options
) -> Prepared | None:
    """Return what an earlier start prepared, None where anything that it follows from may have changed.

    How many cells fit into memory is not known from then: where some may still have to run, it is asked again.
    """
    known = read_known(run.folder, around)
    if known is None or known.fitting is None or options.selection.count == 1:
        return known
    if options.repair or not (run.folder / LOCK).exists():
        return None
    beyond = () if options.go_on else _beyond_its_look(run, experiment)
    outcomes = [run.ended(each) for each in run.cell_ids if not each.rpartition("--")[0].endswith(beyond)]
    waits = any(each is None or (isinstance(each, CellFailure) and each.kind in options.retry) for each in outcomes)
    return None if waits else known


def _beyond_its_look(run: RunFolder, experiment: Experiment) -> tuple[str, ...]:
    """Return how the ids of cells end, before their digest, that a run which stopped at a look leaves alone.

    With everything as it was when these looks were judged, they are judged alike, and the run stops there again.
    """
    seeds = run.stopped_after
    return () if seeds is None else tuple(f"--s{seed}" for seed in experiment.seeds[seeds:])


def _prepare(experiment: Experiment, run: RunFolder, executor: Executor, watcher: Watcher) -> Prepared:
    """Have the experiment prepared; the number of threads stays what the run folder was begun with."""
    unit = WorkUnit(
        id="prepare",
        kind="prepare",
        log=run.log.absolute(),
        device=experiment.execute.device,
        threads=experiment.execute.threads or threads_of(run),
        settles_batch=run.fit is None,
        experiment=experiment,
    )
    watcher.preparing(StageEntered("a worker"))  # its libraries take seconds to import
    found = ask(executor, unit, what="preparing model and data", hear=watcher.preparing)
    assert isinstance(found, Prepared)
    return found


def threads_of(run: RunFolder) -> int | None:
    """Return the number of threads with which the run's cells compute; None for a run that has not begun.

    Two numbers of threads round differently, so it is settled once a run folder, by the command that comes first.
    """
    if (run.folder / LOCK).exists():
        return run.lock.execution.threads
    return run.threads


def _with_settled_threads(run: RunFolder, experiment: Experiment, prepared: Prepared) -> Prepared:
    """Return what was prepared with the run's number of threads, which is this one's where none came before."""
    if experiment.execute.threads is not None:
        return prepared
    with Claims(run.folder).alone("threads"):
        settled = threads_of(run)
        if settled is None:
            settled = prepared.threads
            run.settle_threads(settled)
    return replace(prepared, threads=settled)


def _with_settled_batch(run: RunFolder, prepared: Prepared, watcher: Watcher) -> Prepared:
    """Return what was prepared with the run's rows of a training batch at a time, this one's where none came before.

    They stay: cells of one run are trained alike, whatever the memory of the machine that goes on.
    """
    with Claims(run.folder).alone("batch"):
        settled = run.fit
        if settled is None:
            settled = prepared.fit
            run.settle_fit(settled)
            if settled.rows_at_once is not None:
                run.journal.append("settled batch", fit=encode(settled))
    if settled.rows_at_once is not None:
        watcher.preparing(BatchSettled(settled))
    return replace(prepared, fit=settled)


def _write_lock(
    run: RunFolder,
    experiment: Experiment,
    prepared: Prepared,
    cells: tuple[PlannedCell, ...],
    searched: Searched,
    *,
    reproduces: Reproduction | None,
) -> None:
    versions = {"harness": __version__, **prepared.versions}
    found = Lock(
        experiment=experiment,
        overrides=experiment.overrides,
        tuning=searched.choices or (),
        found=searched.found,
        cells=tuple(planned.cell.id for planned in cells),
        hashes=hashes(experiment, prepared.content),
        rows=prepared.rows,
        items=prepared.items,
        screening=prepared.screening,
        versions=versions,
        execution=Machine(device=prepared.device, threads=prepared.threads, fit=prepared.fit),
        hardware=hardware(),
        code=code(),
        reproduces=reproduces,
    )
    with Claims(run.folder).alone("lock"):
        write_lock(run.folder, found)
    run.journal.append("started", versions=versions, overrides=list(experiment.overrides))


def _check_same_data(run: RunFolder, experiment: Experiment, prepared: Prepared) -> None:
    if not (run.folder / LOCK).exists():
        return
    before, now = run.lock, prepared.content
    if before.experiment is None or before.hashes is None:
        return
    if before.experiment.data == experiment.data and before.hashes.data != now.rows:
        raise LedgerError(
            f"{run.folder} was trained on other rows than {encode(experiment.data)} gives now. The cells there "
            "stay as they are; start again with another --out."
        )
    if any(before.hashes.stages.get(key, rows) != rows for key, rows in now.stages.items()):
        raise LedgerError(
            f"{run.folder} was trained on other rows than a stage's data gives now. The cells there stay as they are; "
            "start again with another --out."
        )


def _check_diagnostics(run: RunFolder, cells: tuple[PlannedCell, ...], experiment: Experiment) -> None:
    """Raise `LedgerError` where cells were trained without a diagnostic as it is asked for now."""
    without = [lacking(_training(run, planned.cell), experiment) for planned in cells]
    names = sorted({name for each in without for name in each})
    if names:
        raise LedgerError(
            f"{sum(map(bool, without))} cells of {run.folder} were trained without {', '.join(names)} as asked for "
            "now, and a diagnostic looks while a cell trains. Start again with another --out, or ask as before."
        )


def _training(run: RunFolder, cell: Cell) -> TrainRecord | None:
    """Return what is noted of a cell's training, finished or not yet scored; None where there is nothing to go by."""
    outcome = run.ended(cell)
    if isinstance(outcome, CellResult):
        return outcome.train_info
    note = run.cell_folder(cell) / TRAINED
    try:
        return read_training(note).train_info if note.exists() else None
    except UNREADABLE:  # it is trained again
        return None


def _measure_across(run: RunFolder, cells: tuple[PlannedCell, ...], experiment: Experiment, executor: Executor) -> None:
    """Let the requested diagnostics look at all trained cells together, and write what they find."""
    trained = [each.cell for each in cells if each.recipe and isinstance(run.outcome(each.cell), CellResult)]
    asked = {"diagnostics": encode(experiment.diagnostics), "cells": [cell.id for cell in trained]}
    if not experiment.diagnostics or not trained or _is_measured(run, asked):
        return
    unit = WorkUnit(
        id="across",
        kind="across",
        after=tuple(cell.id for cell in trained),
        log=run.log.absolute(),
        device=experiment.execute.device,
        experiment=experiment,
        trained=tuple(run.cell_folder(cell).absolute() for cell in trained),
    )
    with Claims(run.folder).alone("across"):
        found = ask(executor, unit, what="measuring across cells", hear=lambda _: None)
        assert isinstance(found, MeasuredAcross)
        run.write_measurements(found.measurements)
    run.journal.append(MEASURED, **asked)


def _is_measured(run: RunFolder, asked: Mapping[str, JSON]) -> bool:
    """Tell whether these diagnostics have looked at these cells since anything of a cell changed."""
    if not (run.folder / MEASUREMENTS).exists():
        return False
    told = [each for each in run.journal.events() if each.get("event") in {MEASURED, "began", *ENDED}]
    last = told[-1] if told else {}
    return last.get("event") == MEASURED and all(last.get(name) == each for name, each in asked.items())
