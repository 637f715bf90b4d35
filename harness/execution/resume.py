"""What an earlier start left of a training that it did not finish: stages that are done, and a checkpoint.

Both lie in ``checkpoint/`` in the cell's folder: ``stage-<n>.json`` notes a stage that is done and saved, ``training/``
holds the checkpoint of the one that was under way. Only with the same versions, on the same kind of machine, a training
that goes on comes to the same bits: a checkpoint of others, or a damaged one, is named and removed.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness import __version__
from harness.codec import JSON, DecodeError, decode, encode
from harness.execution import cell_record
from harness.execution.clock import Clock
from harness.execution.events import NotResumed, Resumed
from harness.execution.unit import CellWork
from harness.ledger.artefacts import artefact, artefacts
from harness.ledger.checkpoint import Checkpoint, DamagedCheckpointError, read_checkpoint, remove_checkpoint
from harness.ledger.files import sync_folder
from harness.ledger.outcomes import UNREADABLE, Training, read_training, write_training
from harness.ledger.run import ARRAYS, CHECKPOINT
from harness.methods.store import stage_folder
from harness.model.devices import machine
from harness.records import Costs, Probe, TrainRecord
from harness.spec.records import Recipe
from harness.training.keeping import Checkpoints
from harness.training.spent import Spent
from harness.training.together import is_first, wait_for_all

_BESIDE = ("validate", "prefix", "checkpoint")
"""What goes on within the stage ``train`` and is counted apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a checkpoint says of its training: the stage's place, on what it was made, and what was found before it.

    `max_steps` is what a budget came to, None without one, `probes` what the adapter read data for, `seconds` what was
    spent by stage, from the beginning of this training to the checkpoint, over all starts.
    """

    place: int
    made_on: Mapping[str, str]
    start_sha256: str
    max_steps: int | None = None
    probes: tuple[Probe, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """A checkpoint that can be gone on from."""

    checkpoint: Checkpoint
    about: About


def checkpoint_folder(work: CellWork) -> Path:
    """Return where the checkpoint of the training that is under way lies."""
    return work.folder / CHECKPOINT / "training"


def under_way(work: CellWork, place: int, clock: Clock) -> UnderWay | None:
    """Return the checkpoint of the training at a place, None without one that can be used here."""
    folder = checkpoint_folder(work)
    try:
        found = read_checkpoint(folder)
        about = None if found is None else decode(About, found.about)
    except (DamagedCheckpointError, DecodeError) as error:
        leave(work, clock, f"{error}; the training begins from its start.")
        return None
    if found is None or about is None:
        return None
    if about.place != place:  # that of an earlier stage, which was noted as done since
        _remove(folder)
        return None
    now = made_on(work)
    other = sorted(name for name in {*now, *about.made_on} if now.get(name) != about.made_on.get(name))
    if other:
        said = ", ".join(f"{name} {about.made_on.get(name)}, now {now.get(name)}" for name in other)
        leave(work, clock, f"{folder} was made on another machine or with other versions: {said}.")
        return None
    return UnderWay(checkpoint=found, about=about)


def leave(work: CellWork, clock: Clock, why: str) -> None:
    """Say why a checkpoint is not gone on from, and remove it."""
    clock.tell(NotResumed(why))
    _remove(checkpoint_folder(work))


def _remove(folder: Path) -> None:
    """Remove a checkpoint; of processes that train together, the first does once all have read it."""
    wait_for_all()
    if is_first():
        remove_checkpoint(folder)


def made_on(work: CellWork) -> dict[str, str]:
    """Return what must be the same where a training goes on, so that it comes to the same bits."""
    known = {**work.versions, "harness": __version__, **machine(work.device)}
    known["frozen_prefix_bytes"] = work.experiment.execute.frozen_prefix_bytes
    return {name: str(each) for name, each in known.items()}


def checkpoints(
    work: CellWork, earlier: UnderWay | None, clock: Clock, *, about: About, before: Mapping[str, float]
) -> Checkpoints | None:
    """Return where and when the training keeps checkpoints, None where the spec wants none.

    `about` says what they have to; `before` are the seconds by stage that the clock had when this training began. With
    an `earlier` one, what that says was spent is counted, and that it is gone on from is told.
    """
    minutes, found = work.experiment.execute.checkpoint_minutes, None
    if earlier is not None and earlier.about.start_sha256 != about.start_sha256:
        leave(work, clock, f"{checkpoint_folder(work)} is of a training that started from other values.")
    elif earlier is not None:
        found = earlier.checkpoint
        for stage, seconds in earlier.about.seconds.items():
            clock.add(stage, seconds)
        clock.tell(Resumed(found.step, found.steps))
    if minutes is None and found is None:
        return None

    def now(spent: Spent) -> JSON:
        seconds = {stage: each - before.get(stage, 0.0) for stage, each in clock.so_far().items()}
        for stage in _BESIDE:
            part = float(getattr(spent, stage))
            seconds[stage] = seconds.get(stage, 0.0) + part
            seconds["train"] -= part
        return encode(replace(about, seconds=seconds))

    return Checkpoints(
        folder=checkpoint_folder(work),
        minutes=float("inf") if minutes is None else minutes,
        about=now,
        found=found,
    )


def note_stage(work: CellWork, recipe: Recipe, state: Path, place: int, *, record: TrainRecord, costs: Costs) -> None:
    """Note that a stage which others follow is done and saved, so that it is not done again."""
    folder = stage_folder(state, recipe, place)
    files = artefacts(work.folder, (folder, stage_folder(work.folder / ARRAYS, recipe, place)))
    sync_folder(folder)
    write_training(_note(work, place), Training(train_info=record, costs=costs, files=files))
    remove_checkpoint(checkpoint_folder(work))


def stages_done(work: CellWork, recipe: Recipe, clock: Clock) -> list[Training]:
    """Return what was noted of stages that are done and whose files are as they were saved, never of the last."""
    done: list[Training] = []
    for place in range(len(recipe.parts) - 1):
        note = _note(work, place)
        if not note.exists():
            break
        try:
            training = read_training(note)
            wrong = [name for name, said in training.files.items() if artefact(work.folder / name) != said]
        except UNREADABLE as error:
            wrong = [f"{note.name} ({error})"]
        if wrong:
            clock.tell(
                NotResumed(f"{work.folder} holds a damaged {wrong[0]}; stage {place + 1} begins from its start.")
            )
            break
        done.append(training)
    return done


def forget_unfinished(work: CellWork, recipe: Recipe, state: Path, done: int) -> None:
    """Remove what was saved of a recipe's training beyond the stages that are done."""
    if not done:
        shutil.rmtree(state, ignore_errors=True)
    for place in range(done, len(recipe.parts)):
        shutil.rmtree(stage_folder(state, recipe, place), ignore_errors=True)
        _note(work, place).unlink(missing_ok=True)


def forget(work: CellWork) -> None:
    """Remove everything that was kept for a start after a kill: the training is done and noted."""
    shutil.rmtree(work.folder / CHECKPOINT, ignore_errors=True)


def costs_of(work: CellWork, clock: Clock, done: list[Training]) -> Costs:
    """Return what the trainings of a cell cost so far, with the peaks of stages that an earlier start did."""
    return cell_record.costs(work.device, clock.so_far(), done[-1].costs if done else None)


def _note(work: CellWork, place: int) -> Path:
    return work.folder / CHECKPOINT / f"stage-{place + 1}.json"
