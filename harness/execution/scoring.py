"""A cell's suites, scored: each into a folder of its own, and none that an earlier start has scored already."""

import functools
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from harness.evaluation import evaluate
from harness.evaluation.frozen_prefix import PrefixReader
from harness.execution.clock import Clock
from harness.execution.events import ItemsScored, SuiteScored
from harness.execution.frozen import prefix_of
from harness.execution.unit import CellWork
from harness.ledger.artefacts import together
from harness.ledger.damage import CellFiles, refuse
from harness.ledger.files import sync, sync_folder
from harness.ledger.outcomes import Training, read_evaluation, write_evaluation
from harness.ledger.run import OUTCOME, SCORED
from harness.records import Evaluation
from harness.sources import models
from harness.spec.records import Suite


def score_suites(
    work: CellWork, subject: models.Loaded, clock: Clock, done: Training | None = None
) -> Iterator[Evaluation]:
    """Yield the evaluation of every suite in order, scoring those that no earlier start did.

    `done` is what is noted of the training, None for a model that was not trained. An earlier start's scores are held
    against the checksums in their note, and count for the weights alone that they were made with.
    """
    prefix = functools.cache(lambda: prefix_of(work, subject.model, done.train_info if done else None))
    state = together(done.files) if done and done.files else None
    files = CellFiles.of(work.folder)
    refuse(files.run, files.notes())
    for key, suite in work.planned.suites.items():
        note = work.folder / "eval" / key / SCORED
        earlier = read_evaluation(note) if note.is_file() else None
        if earlier is not None and earlier.state_sha256 in (None, state):
            clock.add("evaluate", earlier.seconds)
            if earlier.prefix is not None:
                clock.add("prefix", earlier.prefix.seconds)
            yield earlier
            continue
        clock.enter(f"evaluate {suite.task}")
        _withdraw(work.folder, note.parent)
        scored = score_suite(work, suite, note.parent, subject, clock, prefix=prefix())
        evaluation = replace(scored, state_sha256=state)
        if evaluation.prefix is not None:
            clock.credit("prefix", evaluation.prefix.seconds)
        sync_folder(note.parent)
        write_evaluation(note, evaluation)
        clock.tell(SuiteScored(key, evaluation))
        yield evaluation


def _withdraw(cell: Path, scores: Path) -> None:
    """Remove a cell's record before scores that it may name are made anew.

    A finished cell that was taken over without its weights, or trained again, is scored again in every suite. Killed in
    between, a record that stayed would name files that are gone.
    """
    if scores.exists() and (cell / OUTCOME).exists():
        (cell / OUTCOME).unlink()
        sync(cell)


def score_suite(
    work: CellWork,
    suite: Suite,
    folder: Path,
    subject: models.Loaded,
    clock: Clock | None = None,
    *,
    part: int | None = None,
    prefix: PrefixReader | None = None,
) -> Evaluation:
    """Score a suite, or a `part` of so many of its items, into a folder below the cell's, anew.

    With a `clock`, tell of the items that are scored. With a `prefix` of this model, its lower layers are read or kept.
    """

    def on_progress(done: int, total: int) -> None:
        if clock is not None:
            clock.tell(ItemsScored(suite.task, done, total))

    shutil.rmtree(folder, ignore_errors=True)
    return evaluate(
        subject.model,
        subject.tokenizer,
        suite,
        folder=folder,
        options=work.experiment.evaluation,
        beside=work.experiment.file.parent,
        include=work.experiment.include,
        relative_to=work.folder,
        part=part,
        split=work.planned.split,
        on_progress=on_progress,
        reads_once=work.experiment.execute.reads_once,
        prefix=prefix,
    )
