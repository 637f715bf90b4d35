"""One training of a cell: its recipe's, or that of one of its stages."""

import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import nn
from transformers import PreTrainedTokenizerBase, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from harness import __version__, diagnostics
from harness.codec import encode
from harness.diagnostics import Diagnostic, FirstStart, Subject
from harness.errors import SourceError, TaskError
from harness.execution import cell_record
from harness.execution.base import load_model, served_dtype
from harness.execution.clock import Clock
from harness.execution.events import StepDone
from harness.execution.matched_budget import Course, steps_for_flops, steps_for_time
from harness.execution.resume import About, UnderWay, checkpoints, made_on, under_way
from harness.execution.unit import CellWork
from harness.ledger.run import ARRAYS, PREFIX, TENSORBOARD
from harness.methods._base import Adapted
from harness.methods.adapt import adapt
from harness.methods.batches import Batch, Batches
from harness.methods.layers.shared import SharedProbes
from harness.methods.starts import continued
from harness.methods.store import replay, stage_folder, start_folder
from harness.model.devices import machine
from harness.model.precision import trained_dtype
from harness.plan.identity import data_key
from harness.records import Probe, TrainRecord
from harness.sources import models
from harness.sources.data import Row
from harness.spec.records import Recipe, Stage
from harness.trained import Precision
from harness.training import ValidationSet, train
from harness.training.confidence import row_losses
from harness.training.control import controlled
from harness.training.probe import probe_batches
from harness.training.reporting import Reporting
from harness.training.rows import ranking_rows, rows_sha256, stage_rows, validation_rows
from harness.training.state import UnkeptStateError
from harness.transforms import cleaned, origins, reads_losses


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The training at `place` of the recipe `whole`, with the work as that stage sees it.

    `state` is the folder in which earlier stages are saved. Where several `processes` train, the `first` alone looks at
    what was trained and reports it.
    """

    work: CellWork
    whole: Recipe
    place: int
    state: Path
    course: Course
    processes: int = 1
    first: bool = True

    @property
    def recipe(self) -> Recipe:
        """The recipe that is trained, with the stage's training fields laid over its own."""
        return self.whole.parts[self.place].trained

    def load(self, clock: Clock) -> Any:
        """Return a fresh model as the training starts from it: the base, with what was merged or stages left."""
        clock.enter("load")
        quantization = self.whole.base_quantization
        base = load_model(self.work.experiment.model, quantization=quantization, device=self.work.device)
        model = replay(base.model, self.whole, self.state, self.place)
        clock.enter("adapt")
        return model

    def adapt(self, model: Any, recipe: Recipe, clock: Clock) -> Adapted:
        """Make the model trainable as `recipe` says; what reading data for it took is counted apart."""
        course = self.course
        if recipe.continues:
            return continued(model, recipe, start_folder(self.state), seed=course.seed)
        made = adapt(
            model,
            recipe,
            seed=course.seed,
            batches=course.batches,
            ranking=course.ranking,
            tokenizer=course.tokenizer,
            probes=self._shared_probes(),
        )
        clock.credit("probe", sum(each.seconds for each in made.probes if not each.shared))
        return made

    def _shared_probes(self) -> SharedProbes | None:
        """Return what layers of the base are ranked by in this run; None where another model is adapted.

        That is one that a stage left, or an adapter merged before the first.
        """
        work = self.work
        if self.place > 0 or self.whole.merges_first or not work.experiment.execute.shared_probes:
            return None
        model = {
            "sha256": work.content.model,
            "dtype": served_dtype(work.experiment.model, work.device),
            "quantization": encode(self.whole.base_quantization),
            "machine": machine(work.device),
            "versions": {"harness": __version__, **work.versions},
        }
        return SharedProbes(work.folder.parents[1], model)

    def reporting(self) -> Reporting | None:
        """Return how trackers know the training: by recipe and seed, a trial by its id; None where there are none."""
        work, experiment = self.work, self.work.experiment
        if not experiment.execute.report_to or not self.first:
            return None
        is_trial = work.folder.parent.name == "trials"
        name = work.planned.cell.id if is_trial else f"{self.whole.id} seed {work.seed}"
        return Reporting(
            report_to=experiment.execute.report_to,
            project=experiment.name,
            recipe=self.whole.id,
            seed=work.seed,
            run=f"{name} stage {self.place + 1}" if self.whole.stages else name,
            folder=work.folder.parents[1] / TENSORBOARD,
        )


def course_of(work: CellWork, recipe: Recipe, clock: Clock) -> Course:
    """Return what the training is fed. Raises `SourceError` where the rows are not those that were prepared."""
    tokenizer = models.tokenizer(work.experiment.model)
    rows = stage_rows(work.experiment, work.stage or Stage(recipe=recipe), tokenizer)
    _refuse_changed(rows, work.rows_sha256, "training rows")
    fields = work.experiment.training_of(recipe)
    if reads_losses(recipe.transforms):
        clock.enter("select")
        rows = _cleaned(work, recipe, rows, fields)
    rows = controlled(rows, recipe.control)
    batches = probe_batches(rows, tokenizer, fields, seed=work.seed)
    execute = work.experiment.execute
    return Course(
        tokenizer=tokenizer,
        rows=rows,
        fields=fields,
        seed=work.seed,
        batches=batches,
        ranking=_ranking(work, recipe, tokenizer, fields),
        device=work.device,
        padding_free=execute.padding_free,
        rows_at_once=work.rows_at_once,
        dtype=work.experiment.model.dtype,
        prefix=work.folder.parents[1] / PREFIX / "rows" if execute.frozen_training else None,
        prefix_bytes=execute.frozen_prefix_bytes,
    )


def _refuse_changed(rows: Sequence[Row], prepared: str, what: str) -> None:
    if rows_sha256(rows) != prepared:
        raise SourceError(f"the {what} changed since the run started; start again with a new --out.")


def _ranking(
    work: CellWork, recipe: Recipe, tokenizer: PreTrainedTokenizerBase, fields: Mapping[str, Any]
) -> Batches | None:
    """Return what starts a pass over the batches that rank layers, None where these are batches of what trains."""
    data = recipe.layers.data
    if data is None:
        return None
    rows = ranking_rows(work.experiment, data, tokenizer)
    _refuse_changed(rows, work.content.ranking[data_key(data)], "rows that layers are ranked by")
    return probe_batches(rows, tokenizer, fields, seed=work.seed)


def _cleaned(work: CellWork, recipe: Recipe, rows: Sequence[Row], fields: Mapping[str, Any]) -> list[Row]:
    """Return the rows that are left by what they cost the untuned base, which is let go of again."""
    base = load_model(work.experiment.model, quantization=recipe.base_quantization, device=work.device)
    return cleaned(rows, recipe.transforms, lambda asked: row_losses(base.model, asked, base.tokenizer, fields))


def train_part(part: Part, clock: Clock, *, validated: bool = False) -> tuple[Adapted, TrainRecord]:
    """Load, adapt, train and check; return the trained model and what was done.

    With `validated`, as with early stopping or `validation.every`, the loss on the validation rows is taken. An adapter
    whose start is drawn is made first on a model that is let go of, and so is one whose number of steps is still to be
    found.
    """
    work, course, recipe, before = part.work, part.course, part.recipe, clock.so_far()
    earlier = under_way(work, part.place, clock)
    first, max_steps, probes = _first_start(part, clock, earlier)
    model = part.load(clock)
    batch = _first_batch(course.batches)
    checks = diagnostics.diagnostics_of(work.experiment.diagnostics) if part.first else ()
    asked = {each.name for each in work.experiment.diagnostics}

    def took(name: str, seconds: float) -> None:
        if name in asked:
            clock.credit(f"measure {name}", seconds)

    diagnostics.begin(checks, work.experiment, part.whole, recipe, course.tokenizer, took=took)
    for check in checks:
        with diagnostics.timed(check, took):
            check.before(model, batch)
    if first is None:
        adapted = _as_measured(part.adapt(model, recipe, clock), probes)
    else:
        adapted = first.as_declared(part.adapt(model, first.recipe_again(recipe), clock), recipe)
    del model
    if earlier is not None:  # what was measured then is what the recipe took
        adapted = replace(adapted, probes=earlier.about.probes)
    start_sha256 = diagnostics.start_digest(adapted)
    about = About(
        place=part.place,
        made_on=made_on(work),
        start_sha256=start_sha256,
        max_steps=max_steps,
        probes=adapted.probes,
    )
    clock.enter("train")
    watching = _watching(checks, adapted.model)
    trained = train(
        adapted,
        course.tokenizer,
        course.rows,
        {**course.fields, **({} if max_steps is None else {"max_steps": max_steps})},
        seed=course.seed,
        on_step=lambda *made: clock.tell(StepDone(*made)),
        device=course.device,
        dtype=course.dtype,
        validation=_validation(work, course.tokenizer, validated=validated),
        callbacks=watching,
        padding_free=course.padding_free,
        rows_at_once=course.rows_at_once,
        prefix=course.prefix_of(adapted),
        reporting=part.reporting(),
        checkpoints=checkpoints(work, earlier, clock, about=about, before=before),
        processes=part.processes,
    )
    clock.credit("prefix", trained.spent.prefix)
    clock.credit("validate", trained.spent.validate)
    clock.credit("checkpoint", trained.spent.checkpoint)
    for each in watching:
        for name, seconds in each.took.items():
            took(name, seconds)
            trained = replace(trained, seconds=trained.seconds - seconds)
    clock.enter("check")
    subject = Subject(
        adapted=adapted,
        trained=trained,
        batch=batch,
        start_sha256=start_sha256,
        first_start_sha256=first.sha256 if first else None,
        folder=work.folder,
        arrays=stage_folder(work.folder / ARRAYS, part.whole, part.place),
    )
    found = diagnostics.measure(checks, subject, took)
    dtype = served_dtype(work.experiment.model, work.device)
    precision = Precision(trained=trained_dtype(adapted.model), computed=trained.computed, scored=dtype)
    trained = replace(trained, rows=trained.rows and replace(trained.rows, origins=origins(course.rows)))
    record = cell_record.train_record(adapted, trained, start_sha256, found, precision)
    return adapted, _as_served(adapted, record, batch, dtype)


def _as_served(adapted: Adapted, record: TrainRecord, batch: Batch, dtype: str) -> TrainRecord:
    """Return the record with what the cast to the served dtype changes, where it is one; see `loss_as_served`."""
    if dtype == "float32":
        return record
    found = diagnostics.loss_as_served(adapted, batch, dtype)
    return replace(record, measurements={**record.measurements, found.name: found})


def _as_measured(again: Adapted, probes: Sequence[Probe]) -> Adapted:
    """Return a second adapter with what this cell measured for its first as measured here, which it found shared."""
    mine = {each.purpose: each for each in probes}
    return replace(again, probes=tuple(mine.get(each.purpose, each) if each.shared else each for each in again.probes))


def _first_start(
    part: Part, clock: Clock, earlier: UnderWay | None
) -> tuple[FirstStart | None, int | None, tuple[Probe, ...]]:
    """Return what a first adapter was, the steps that spend as much as the recipe of `compute`, and its probes.

    Its model is let go of: what is measured of memory later is that of one model. The steps of an `earlier` start stay:
    measured again they might be others.
    """
    recipe, made_twice = part.recipe, diagnostics.is_made_twice(part.recipe)
    matches = recipe.compute is not None and earlier is None
    steps = earlier.about.max_steps if earlier else None
    if not matches and not made_twice:
        return None, steps, ()
    first = part.adapt(part.load(clock), recipe, clock)
    noted = FirstStart.of(first) if made_twice else None
    if recipe.compute is not None and matches:
        clock.enter("match")
        assert part.work.budget is not None
        matching = steps_for_flops if recipe.compute.measure == "flops" else steps_for_time
        steps = matching(part.work.budget, first, part.course)
    probes = first.probes
    del first
    gc.collect()
    return noted, steps, probes


def _first_batch(batches: Batches) -> Batch:
    """Return the batch that diagnostics look at. Raises `TaskError` where no row is short enough for one."""
    batch = next(iter(batches()), None)
    if batch is None:
        raise TaskError(
            "the training rows do not fill one batch: too few of them are shorter than training.max_length. "
            "Raise max_length, lower per_device_train_batch_size, or give more rows."
        )
    return batch


def _validation(work: CellWork, tokenizer: PreTrainedTokenizerBase, *, validated: bool) -> ValidationSet | None:
    experiment = work.experiment
    if not (experiment.validates or validated):
        return None
    return ValidationSet(
        rows=validation_rows(experiment, tokenizer),
        early_stopping=experiment.early_stopping,
        every=experiment.validation.every,
    )


def _watching(checks: Sequence[Diagnostic], model: nn.Module) -> tuple["_AfterStep", ...]:
    watching = [check for check in checks if check.watches_steps()]
    return (_AfterStep(watching, model),) if watching else ()


class _AfterStep(TrainerCallback):
    """Calls diagnostics after every optimizer step; `took` are the seconds of each, which are no time of training."""

    def __init__(self, watching: Sequence[Diagnostic], model: nn.Module) -> None:
        self._watching = watching
        self._model = model
        self.took: dict[str, float] = dict.fromkeys((each.name for each in watching), 0.0)

    def state(self) -> dict[str, Any]:
        """Return what each has noted so far. Raises `UnkeptStateError` where one cannot tell."""
        noted = {each.name: each.state() for each in self._watching}
        for name, state in noted.items():
            if state is None:
                raise UnkeptStateError(
                    f"the diagnostic {name} cannot say what it has noted, with `state` and `restore`"
                )
        return {"noted": list(noted.values()), "took": self.took}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Let each go on from there."""
        self.took = dict(state["took"])
        for each, noted in zip(self._watching, state["noted"], strict=True):
            each.restore(noted)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Mapping[str, Any]
    ) -> None:
        """Let each look at the model."""
        del args, control, kwargs
        for each in self._watching:
            with diagnostics.timed(each, self._note):
                each.during(self._model, state.global_step)

    def _note(self, name: str, seconds: float) -> None:
        self.took[name] += seconds
