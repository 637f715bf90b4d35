"""One cell, from a fresh base model to its result.

A cell leaves its trained state and each suite's scores in its folder as it goes, so that a run that was killed
continues there: a cell whose ``training.json`` stands is not trained again, a suite that is scored is not scored
again.
"""

import gc
import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase

from harness import adaptation
from harness.adaptation import Adapted
from harness.errors import SourceError
from harness.evaluation import evaluate
from harness.execution import cell_record
from harness.execution.compute import Course, steps_for_flops, steps_for_time
from harness.execution.guards import before, guards
from harness.execution.job import Finished, Job, Message, Scored, Stage, Step
from harness.execution.merging import Merging, merging
from harness.execution.rehearsal import Rehearsal, is_rehearsed
from harness.ledger.files import write_json
from harness.ledger.outcomes import Training, read_training, write_training
from harness.ledger.run import SCORED
from harness.plan.cells import asks_to_merge
from harness.records import CellResult, Costs, Evaluation, TrainRecord
from harness.sources import models
from harness.spec.records import Recipe, Suite
from harness.training import ValidationSet, train
from harness.training.probe import probe_batches
from harness.training.rows import rows_sha256, training_rows, validation_rows

STATE = "adapter"
WEIGHTS = "weights"
NOTE = "training.json"


@dataclass(slots=True)
class Progress:
    """Where the cell is, and how long each stage took so far (seconds)."""

    send: Callable[[Message], None]
    stage: str = "start"
    since: float = field(default_factory=time.perf_counter)
    seconds: dict[str, float] = field(default_factory=dict)

    def enter(self, stage: str) -> None:
        """Close the stage that was, and say which one begins."""
        now = time.perf_counter()
        name = self.stage.split()[0]
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self.since
        self.stage, self.since = stage, now
        self.send(Stage(stage))

    def credit(self, stage: str, seconds: float) -> None:
        """Count seconds of the stage that is as another's."""
        if seconds:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
            self.since += seconds


def run_cell(job: Job, progress: Progress) -> CellResult:
    """Train the cell's recipe on a fresh base (unless it is the base) and score it on every suite."""
    recipe = job.planned.recipe
    record, earlier, evaluations = _trained_and_scored(job, recipe, progress)
    progress.enter("end")
    spent = cell_record.costs(job.device, progress.seconds, earlier)
    merged = Merging()
    if recipe is not None and asks_to_merge(job.experiment, recipe):
        progress.enter("merge")
        merged = merging(job, recipe, job.folder / STATE, evaluations, lambda *what: _rescore(job, progress, *what))
    if not job.experiment.keep_weights:
        shutil.rmtree(job.folder / WEIGHTS, ignore_errors=True)
    return CellResult(
        cell=job.planned.cell,
        run_info=cell_record.run_info(job),
        train_info=record,
        meta_info=cell_record.meta_info(job),
        costs=spent,
        measurements=merged.measurements,
        latency=merged.latency,
        evaluations=evaluations,
    )


def _fresh(job: Job) -> models.Loaded:
    """Load the cell's base model."""
    recipe = job.planned.recipe
    quantization = recipe.base_quantization if recipe else None
    return models.load(job.experiment.model, quantization=quantization, device=job.device)


def _trained_and_scored(
    job: Job, recipe: Recipe | None, progress: Progress
) -> tuple[TrainRecord | None, Costs | None, tuple[Evaluation, ...]]:
    """Return what training did, what it took so far, and the scores; the model is let go of."""
    progress.enter("load")
    subject, record, earlier = (_fresh(job), None, None) if recipe is None else _trained(job, recipe, progress)
    subject.model.eval()
    evaluations = tuple(_scores(job, subject, progress))
    return cell_record.matched_to(record, recipe, subject.model.config.to_dict()), earlier, evaluations


def _trained(job: Job, recipe: Recipe, progress: Progress) -> tuple[models.Loaded, TrainRecord, Costs]:
    """Return the trained model and what training it took: from an earlier start's files, or by training now."""
    state = job.folder / (WEIGHTS if recipe.trains_own_weights else STATE)
    note = job.folder / NOTE
    if note.is_file() and state.is_dir():
        trained = read_training(note)
        progress.seconds.update(trained.costs.seconds)
        loaded = _fresh(job)
        model = adaptation.load(loaded.model, recipe, state).model
        return models.Loaded(model, loaded.tokenizer), trained.train_info, trained.costs
    shutil.rmtree(state, ignore_errors=True)
    *earlier, last = range(len(recipe.parts))
    records = [_train_part(job, recipe, place, state, progress)[1] for place in earlier]
    subject, record = _train_part(job, recipe, last, state, progress)
    spent = replace(cell_record.costs(job.device, progress.seconds), file_size=cell_record.size_on_disk(state))
    whole = cell_record.together([*records, record])
    write_training(note, Training(train_info=whole, costs=spent))
    return subject, whole, spent


def _train_part(
    job: Job, recipe: Recipe, place: int, state: Path, progress: Progress
) -> tuple[models.Loaded, TrainRecord]:
    """Train one stage from what those before it left on disk, and save it there.

    A stage starts from the disk and not from the model at hand, so that a run that continues, and whoever loads
    the state, has the model that was trained on; the trainer's traces on the model are gone too.
    """
    if place > 0:
        gc.collect()  # a trainer holds its model in a cycle, and two models need not fit
        progress.enter("load")
    stage = recipe.parts[place]

    def fresh() -> models.Loaded:
        loaded = _fresh(job)
        return models.Loaded(adaptation.replay(loaded.model, recipe, state, place), loaded.tokenizer)

    adapted, tokenizer, record = _train(job.for_stage(stage), stage.trained, fresh, progress)
    progress.enter("save")
    adaptation.save(adapted, adaptation.stage_folder(state, recipe, place))
    return models.Loaded(adapted.model, tokenizer), record


def run_trial(job: Job, progress: Progress) -> CellResult:
    """Train the cell's recipe and take its loss on the validation rows; nothing is scored or kept."""
    progress.enter("load")
    recipe = job.planned.recipe
    assert recipe is not None
    *_, record = _train(job, recipe, lambda: _fresh(job), progress, judged=True)
    progress.enter("end")
    return CellResult(
        cell=job.planned.cell,
        run_info=cell_record.run_info(job),
        train_info=record,
        meta_info=cell_record.meta_info(job),
        costs=cell_record.costs(job.device, progress.seconds),
    )


def _train(
    job: Job, recipe: Recipe, fresh: Callable[[], models.Loaded], progress: Progress, *, judged: bool = False
) -> tuple[Adapted, PreTrainedTokenizerBase, TrainRecord]:
    """Adapt a `fresh` model and train it; with `judged`, or early stopping, against the validation rows."""
    tokenizer = models.tokenizer(job.experiment.model)
    rows = training_rows(job.experiment, tokenizer)
    if rows_sha256(rows) != job.data_sha256:
        raise SourceError("the training rows changed since the run started; start again with a new --out.")
    fields = job.experiment.training_of(recipe)
    seed = int(job.planned.cell.seed or 0)
    course = Course(tokenizer=tokenizer, rows=rows, fields=fields, seed=seed, device=job.device)
    probe = probe_batches(rows, tokenizer, fields, seed=seed)

    def network() -> Any:
        progress.enter("load")
        model = fresh().model
        progress.enter("adapt")
        return model

    def adapted_to(model: Any, as_said: Recipe) -> Adapted:
        made = adaptation.adapt(model, as_said, seed=seed, probe=probe, tokenizer=tokenizer)
        progress.credit("probe", sum(each.seconds for each in made.probes))
        return made

    rehearsal, steps = _rehearsed(job, recipe, course, lambda: adapted_to(network(), recipe), progress)
    model = network()
    noted = before(model, next(iter(probe())))
    if rehearsal is None:
        adapted = adapted_to(model, recipe)
    else:
        adapted = rehearsal.repeat(recipe, lambda as_said: adapted_to(model, as_said))
    start = adaptation.check.start_digest(adapted)
    progress.enter("train")
    trained = train(
        adapted,
        tokenizer,
        rows,
        {**fields, **({} if steps is None else {"max_steps": steps})},
        seed=seed,
        on_step=lambda *made: progress.send(Step(*made)),
        device=job.device,
        validation=_validation(job, tokenizer, judged=judged),
    )
    progress.enter("check")
    found = guards(noted, adapted, trained, start, rehearsal)
    return adapted, tokenizer, cell_record.train_record(adapted, trained, start, found)


def _rehearsed(
    job: Job, recipe: Recipe, course: Course, adapted: Callable[[], Adapted], progress: Progress
) -> tuple[Rehearsal | None, int | None]:
    """Return what a first adapter was, and the steps that spend as much as the recipe that `compute` names.

    Its model is let go of: what is measured of memory later is that of one model.
    """
    if recipe.compute is None and not is_rehearsed(recipe):
        return None, None
    first = adapted()
    rehearsal = Rehearsal.of(first) if is_rehearsed(recipe) else None
    steps = None
    if recipe.compute is not None:
        progress.enter("match")
        steps = _matched_steps(job, recipe, first, course)
    del first
    gc.collect()
    return rehearsal, steps


def _matched_steps(job: Job, recipe: Recipe, first: Adapted, course: Course) -> int:
    """Return the steps in which the recipe spends as much as the one that its `compute` names; `first` is spent."""
    assert job.spent is not None
    assert recipe.compute is not None
    if recipe.compute.measure == "flops":
        return steps_for_flops(job.spent, first, course.fields)
    return steps_for_time(job.spent, first, course)


def _validation(job: Job, tokenizer: PreTrainedTokenizerBase, *, judged: bool) -> ValidationSet | None:
    stopping = job.experiment.early_stopping
    if stopping is None and not judged:
        return None
    return ValidationSet(rows=validation_rows(job.experiment, tokenizer), early_stopping=stopping)


def _scores(job: Job, subject: models.Loaded, progress: Progress) -> Iterator[Evaluation]:
    """Yield the evaluation of every suite in order, scoring those that no earlier start did."""
    for key, suite in job.planned.suites.items():
        note = job.folder / "eval" / key / SCORED
        if note.is_file():
            earlier = Evaluation(**json.loads(note.read_text(encoding="utf-8")))
            progress.seconds["evaluate"] = progress.seconds.get("evaluate", 0.0) + earlier.seconds
            yield earlier
            continue
        progress.enter(f"evaluate {suite.task}")
        evaluation = _score(job, suite, note.parent, subject, progress)
        write_json(note, asdict(evaluation))
        progress.send(Finished(key, evaluation))
        yield evaluation


def _score(job: Job, suite: Suite, folder: Path, subject: models.Loaded, progress: Progress) -> Evaluation:
    shutil.rmtree(folder, ignore_errors=True)
    return evaluate(
        subject.model,
        subject.tokenizer,
        suite,
        folder=folder,
        options=job.experiment.evaluation,
        include=(job.experiment.file.parent, *job.experiment.include),
        relative_to=job.folder,
        on_progress=lambda done, total: progress.send(Scored(suite.task, done, total)),
    )


def _rescore(job: Job, progress: Progress, model: Any, suite: Suite, folder: Path) -> Evaluation:
    """Score another form of the cell's model, the merged one."""
    return _score(job, suite, folder, models.Loaded(model, models.tokenizer(job.experiment.model)), progress)
