"""One cell from top to bottom: load, adapt, train, check, save, evaluate.

A cell leaves its trained state and each suite's scores in its folder as it goes, so that a run that was killed
continues there: a cell whose ``training.json`` stands is not trained again, a suite that is scored is not scored
again.
"""

import gc
import math
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from harness.errors import TrainingError
from harness.execution import cell_record
from harness.execution.base import load_model, serve
from harness.execution.clock import Clock
from harness.execution.course import course_of
from harness.execution.events import TrainingSaved
from harness.execution.existing import elsewhere, load_existing
from harness.execution.launch import launch, launched
from harness.execution.merged import Merged, measure_merged
from harness.execution.part import Part, train_part
from harness.execution.resume import costs_of, forget, forget_unfinished, note_stage, stages_done
from harness.execution.scoring import score_suites
from harness.execution.start import bring_start, drop_start
from harness.execution.unit import CellWork, asks_to_merge
from harness.ledger.artefacts import artefacts
from harness.ledger.damage import CellFiles, refuse
from harness.ledger.files import sync_folder
from harness.ledger.outcomes import Training, read_training, write_training
from harness.ledger.run import ARRAYS, STATE, TRAINED, WEIGHTS
from harness.methods import store
from harness.methods.traits import traits
from harness.records import CellResult, Costs, TrainRecord
from harness.sources import models
from harness.spec.records import Recipe
from harness.trained import Artefact

NOTE = TRAINED


def run_cell(work: CellWork, clock: Clock) -> CellResult:
    """Train the cell's recipe on a fresh base, or load what there is (the base, a model from elsewhere); score it."""
    clock.enter("load")
    done: Training | None = None
    existing = work.planned.existing
    if existing is not None:
        subject = load_existing(work, existing)
    elif work.recipe is None:
        subject = load_base(work)
    else:
        subject, done = _trained(work, work.recipe, clock)
    record = done.train_info if done else None
    subject.model.eval()
    serve(subject.model, work.experiment.model, work.device)
    evaluations = tuple(score_suites(work, subject, clock, done))
    record = cell_record.matched_to(record, work.recipe, subject.model.config.to_dict())
    del subject  # merging loads another model
    clock.enter("end")
    costs = cell_record.costs(work.device, clock.seconds, done.costs if done else None)
    merged = Merged()
    if work.recipe is not None and asks_to_merge(work.experiment, work.recipe):
        clock.enter("merge")
        files = CellFiles.of(work.folder)
        refuse(files.run, files.training(STATE))
        merged = measure_merged(work, work.recipe, work.folder / STATE, evaluations)
    if not work.experiment.keep_weights:
        shutil.rmtree(work.folder / WEIGHTS, ignore_errors=True)
    return CellResult(
        cell=work.planned.cell,
        run_info=replace(cell_record.run_info(work), existing=elsewhere(work, existing) if existing else None),
        train_info=record,
        meta_info=cell_record.meta_info(work),
        costs=costs,
        measurements=merged.measurements,
        latency=merged.latency,
        evaluations=evaluations,
        files=_kept(work, done.files if done else {}),
    )


def run_trial(work: CellWork, clock: Clock) -> CellResult:
    """Train the cell's recipe and take its loss on the validation rows, and its margins where they decide too.

    What was trained is not kept.
    """
    recipe = work.recipe
    assert recipe is not None
    clock.enter("load")
    if launched(work):
        subject, record, earlier = _tried(work, recipe, clock)
    else:
        part = Part(work=work, whole=recipe, place=0, state=work.folder / STATE, course=course_of(work, recipe, clock))
        adapted, record = train_part(part, clock, validated=True)
        subject, earlier = models.Loaded(adapted.model, part.course.tokenizer), None
    if not math.isfinite(record.validation_loss or 0.0):
        raise TrainingError("non_finite_loss", f"the validation loss is {record.validation_loss}.")
    serve(subject.model, work.experiment.model, work.device)
    # No base is scored on these rows, so that nothing below the layers that train could be read.
    evaluations = tuple(score_suites(work, subject, clock))
    clock.enter("end")
    forget(work)
    return CellResult(
        cell=work.planned.cell,
        run_info=cell_record.run_info(work),
        train_info=record,
        meta_info=cell_record.meta_info(work),
        costs=cell_record.costs(work.device, clock.seconds, earlier),
        evaluations=evaluations,
    )


def _tried(work: CellWork, recipe: Recipe, clock: Clock) -> tuple[models.Loaded, TrainRecord, Costs]:
    """Have several processes train a trial; return the model, what was done and what it cost."""
    with tempfile.TemporaryDirectory(prefix="harness-trial-") as state:
        training = launch(work, 0, clock, state=Path(state), validated=True)
        clock.enter("load")
        return load_trained(work, recipe, Path(state)), training.train_info, training.costs


def load_base(work: CellWork) -> models.Loaded:
    """Load the cell's base model and its tokenizer."""
    quantization = work.recipe.base_quantization if work.recipe else None
    return load_model(work.experiment.model, quantization=quantization, device=work.device)


def load_trained(work: CellWork, recipe: Recipe, state: Path) -> models.Loaded:
    """Load the cell's base model with what was trained on it and saved."""
    base = load_base(work)
    return models.Loaded(store.load(base.model, recipe, state).model, base.tokenizer)


def _kept(work: CellWork, files: Mapping[str, Artefact]) -> dict[str, Artefact]:
    return {name: each for name, each in files.items() if (work.folder / name).exists()}


def _trained(work: CellWork, recipe: Recipe, clock: Clock) -> tuple[models.Loaded, Training]:
    """Return the trained model and what is noted of its training: from an earlier start's files, or by training.

    An earlier start's files are held against the checksums in its note before they are loaded.

    Stages that an earlier start finished are not done again. Each starts from the disk and not from the model at hand,
    so that a run that continues, and whoever loads the state, has the model that was trained on; the trainer's traces
    on the model are gone too.
    """
    state = work.folder / (WEIGHTS if traits(recipe).trains_base_weights else STATE)
    note = work.folder / NOTE
    if note.is_file() and state.is_dir():
        earlier = CellFiles.of(work.folder)
        refuse(earlier.run, earlier.training())
        done = read_training(note)
        clock.seconds.update(done.costs.seconds)
        forget(work)
        return load_trained(work, recipe, state), done
    finished = stages_done(work, recipe, clock)
    forget_unfinished(work, recipe, state, len(finished))
    for stage_name, seconds in (finished[-1].costs.seconds if finished else {}).items():
        clock.add(stage_name, seconds)
    bring_start(work, state)
    records: list[TrainRecord] = [each.train_info for each in finished]
    trained: models.Loaded | None = None
    for place, stage in list(enumerate(recipe.parts))[len(finished) :]:
        if place > 0:
            trained = None
            gc.collect()  # a trainer holds its model in a cycle, and two models need not fit
            clock.enter("load")
        if launched(work):
            finished.append(launch(work, place, clock, state=state))
            record = finished[-1].train_info
        else:
            seen = work.for_stage(stage)
            part = Part(work=seen, whole=recipe, place=place, state=state, course=course_of(seen, stage.trained, clock))
            adapted, record = train_part(part, clock)
            clock.enter("save")
            store.save(adapted, store.stage_folder(state, recipe, place))
            trained = models.Loaded(adapted.model, part.course.tokenizer)
            del adapted
        records.append(record)
        if place + 1 < len(recipe.parts):
            note_stage(work, recipe, state, place, record=record, costs=costs_of(work, clock, finished))
    if trained is None:  # other processes had it
        clock.enter("load")
        trained = load_trained(work, recipe, state)
    drop_start(work, state)
    costs = replace(costs_of(work, clock, finished), file_size=cell_record.size_on_disk(state))
    files = artefacts(work.folder, (state, work.folder / ARRAYS))
    done = Training(train_info=cell_record.together(records), costs=costs, files=files)
    sync_folder(work.folder)
    write_training(note, done)
    forget(work)
    clock.tell(TrainingSaved(files))
    return trained, done
