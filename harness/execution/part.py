"""One training of a cell: its recipe's, or that of one of its stages."""

import gc
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase, TrainerCallback

from harness import __version__, diagnostics
from harness.codec import encode
from harness.diagnostics import FirstStart, Subject
from harness.errors import TaskError
from harness.execution import cell_record
from harness.execution.base import load_model, served_dtype
from harness.execution.checks import Checks
from harness.execution.clock import Clock
from harness.execution.course import Course
from harness.execution.events import StepDone
from harness.execution.matched_budget import steps_for_flops, steps_for_time
from harness.execution.resume import About, UnderWay, checkpoints, made_on, under_way
from harness.execution.unit import CellWork
from harness.ledger.run import ARRAYS, TENSORBOARD
from harness.methods._base import Adapted
from harness.methods.adapt import adapt
from harness.methods.batches import Batch, Batches
from harness.methods.layers.shared import SharedProbes
from harness.methods.starts import continued
from harness.methods.store import replay, stage_folder, start_folder
from harness.model.devices import machine
from harness.model.precision import trained_dtype
from harness.records import Probe, TrainRecord
from harness.spec.records import Recipe
from harness.trained import Precision
from harness.training import Trained, ValidationSet, train
from harness.training.callbacks import OnStep
from harness.training.keeping import Checkpoints
from harness.training.reporting import Reporting
from harness.training.rows import validation_rows
from harness.transforms import origins


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

    def telling(self, clock: Clock) -> OnStep:
        """Return what says of each step that was made which stage it is of."""

        def tell(step: int, steps: int, loss: float, tokens: int) -> None:
            clock.tell(StepDone(step, steps, loss, tokens, stage=self.place + 1, stages=len(self.whole.parts)))

        return tell

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


def train_part(part: Part, clock: Clock, *, validated: bool = False) -> tuple[Adapted, TrainRecord]:
    """Load, adapt, train and check; return the trained model and what was done.

    With `validated`, as with early stopping or `validation.every`, the loss on the validation rows is taken. An adapter
    whose start is drawn is made first on a model that is let go of, and so is one whose number of steps is still to be
    found.
    """
    before = clock.so_far()
    earlier = under_way(part.work, part.place, clock)
    first, max_steps, probes = _first_start(part, clock, earlier)
    model = part.load(clock)
    batch = _first_batch(part.course.batches)
    checks = Checks.of(part.work.experiment.diagnostics if part.first else None, clock)
    checks.begin(
        model,
        batch,
        experiment=part.work.experiment,
        whole=part.whole,
        recipe=part.recipe,
        tokenizer=part.course.tokenizer,
    )
    if first is None:
        adapted = _as_measured(part.adapt(model, part.recipe, clock), probes)
    else:
        adapted = first.as_declared(part.adapt(model, first.recipe_again(part.recipe), clock), part.recipe)
    del model
    if earlier is not None:  # what was measured then is what the recipe took
        adapted = replace(adapted, probes=earlier.about.probes)
    about = About(
        place=part.place,
        made_on=made_on(part.work),
        start_sha256=diagnostics.start_digest(adapted),
        max_steps=max_steps,
        probes=adapted.probes,
    )
    clock.enter("train")
    watching = checks.watching(adapted.model)
    kept = checkpoints(part.work, earlier, clock, about=about, before=before)
    trained = _train(part, adapted, clock, about, callbacks=watching, kept=kept, validated=validated)
    trained = checks.without(trained, watching)
    clock.enter("check")
    return adapted, _record(part, adapted, trained, batch, checks, about=about, first=first)


def _train(
    part: Part,
    adapted: Adapted,
    clock: Clock,
    about: About,
    *,
    callbacks: Sequence[TrainerCallback],
    kept: Checkpoints | None,
    validated: bool,
) -> Trained:
    """Train the part; what is no step of it is counted apart."""
    course, max_steps = part.course, about.max_steps
    trained = train(
        adapted,
        course.tokenizer,
        course.rows,
        {**course.fields, **({} if max_steps is None else {"max_steps": max_steps})},
        seed=course.seed,
        on_step=part.telling(clock),
        device=course.device,
        dtype=course.dtype,
        validation=_validation(part.work, course.tokenizer, validated=validated),
        callbacks=callbacks,
        padding_free=course.padding_free,
        rows_at_once=course.rows_at_once,
        prefix=course.prefix_of(adapted),
        reporting=part.reporting(),
        checkpoints=kept,
        processes=part.processes,
    )
    clock.credit("prefix", trained.spent.prefix)
    clock.credit("validate", trained.spent.validate)
    clock.credit("checkpoint", trained.spent.checkpoint)
    return trained


def _record(
    part: Part,
    adapted: Adapted,
    trained: Trained,
    batch: Batch,
    checks: Checks,
    *,
    about: About,
    first: FirstStart | None,
) -> TrainRecord:
    """Let the diagnostics measure what was trained, and return what was done."""
    work = part.work
    subject = Subject(
        adapted=adapted,
        trained=trained,
        batch=batch,
        start_sha256=about.start_sha256,
        first_start_sha256=first.sha256 if first else None,
        folder=work.folder,
        arrays=stage_folder(work.folder / ARRAYS, part.whole, part.place),
    )
    found = diagnostics.measure(checks.every, subject, checks.took)
    dtype = served_dtype(work.experiment.model, work.device)
    precision = Precision(trained=trained_dtype(adapted.model), computed=trained.computed, scored=dtype)
    trained = replace(trained, rows=trained.rows and replace(trained.rows, origins=origins(part.course.rows)))
    asked = work.experiment.diagnostics
    record = cell_record.train_record(adapted, trained, about.start_sha256, found, precision, diagnostics=asked)
    return _as_served(adapted, record, batch, dtype)


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
