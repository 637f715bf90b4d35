"""A cell's suites, scored: each into a folder of its own, and none that an earlier start has scored already."""

import functools
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from harness.codec import decode
from harness.evaluation import evaluate
from harness.evaluation.frozen_prefix import PrefixReader
from harness.execution.clock import Clock
from harness.execution.events import ItemsScored, SuiteScored
from harness.execution.frozen import prefix_of
from harness.execution.unit import CellWork
from harness.ledger.files import write_json
from harness.ledger.run import SCORED
from harness.records import Evaluation, TrainRecord
from harness.sources import models
from harness.spec.records import Suite


def score_suites(
    work: CellWork, subject: models.Loaded, clock: Clock, record: TrainRecord | None = None
) -> Iterator[Evaluation]:
    """Yield the evaluation of every suite in order, scoring those that no earlier start did.

    `record` is what training did, None for a model that was not trained.
    """
    prefix = functools.cache(lambda: prefix_of(work, subject.model, record))
    for key, suite in work.planned.suites.items():
        note = work.folder / "eval" / key / SCORED
        if note.is_file():
            earlier = decode(Evaluation, json.loads(note.read_text(encoding="utf-8")))
            clock.add("evaluate", earlier.seconds)
            if earlier.prefix is not None:
                clock.add("prefix", earlier.prefix.seconds)
            yield earlier
            continue
        clock.enter(f"evaluate {suite.task}")
        evaluation = score_suite(work, suite, note.parent, subject, clock, prefix=prefix())
        if evaluation.prefix is not None:
            clock.credit("prefix", evaluation.prefix.seconds)
        write_json(note, asdict(evaluation))
        clock.tell(SuiteScored(key, evaluation))
        yield evaluation


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
