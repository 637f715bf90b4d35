"""A cell's suites, scored: each into a folder of its own, and none that an earlier start has scored already."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from harness.evaluation import evaluate
from harness.execution.clock import Clock
from harness.execution.events import ItemsScored, SuiteScored
from harness.execution.unit import CellWork
from harness.ledger.files import write_json
from harness.ledger.run import SCORED
from harness.records import Evaluation
from harness.sources import models
from harness.spec.records import Suite


def score_suites(work: CellWork, subject: models.Loaded, clock: Clock) -> Iterator[Evaluation]:
    """Yield the evaluation of every suite in order, scoring those that no earlier start did."""
    for key, suite in work.planned.suites.items():
        note = work.folder / "eval" / key / SCORED
        if note.is_file():
            earlier = Evaluation(**json.loads(note.read_text(encoding="utf-8")))
            clock.add("evaluate", earlier.seconds)
            yield earlier
            continue
        clock.enter(f"evaluate {suite.task}")
        evaluation = score_suite(work, suite, note.parent, subject, clock)
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
) -> Evaluation:
    """Score a suite, or a `part` of so many of its items, into a folder below the cell's, anew.

    With a `clock`, tell of the items that are scored.
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
        on_progress=on_progress,
        reads_once=work.experiment.execute.reads_once,
    )
