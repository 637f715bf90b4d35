"""The adapter that a cell's training starts from: brought into the cell, so that the cell stands alone."""

import shutil
from pathlib import Path

from harness.errors import SourceError
from harness.execution.unit import CellWork
from harness.methods.store import start_folder
from harness.sources.weights import CONFIGS, folder_of, weight_files, weights_sha256
from harness.spec.existing import Weights
from harness.trained import TrainedElsewhere


def bring_start(work: CellWork, state: Path) -> None:
    """Copy the adapter below the `state` of a recipe that starts from one, weights and configuration alone.

    Raises `SourceError` where the copy is not what was looked at when the run was prepared.
    """
    weights = _start(work)
    if weights is None:
        return
    source, target = folder_of(weights), start_folder(state)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for file in (*weight_files(source, "adapter"), source / CONFIGS["adapter"]):
        shutil.copyfile(file, target / file.name)
    if weights_sha256(target, "adapter") != work.content.weights[weights.key]:
        raise SourceError(f"{weights.address} changed since the run was prepared; start the command again.")


def drop_start(work: CellWork, state: Path) -> None:
    """Remove the copy of an adapter that was continued: what came of it stands alone. A merged one is still needed."""
    if work.recipe is not None and work.recipe.continues:
        shutil.rmtree(start_folder(state))


def started_from(work: CellWork) -> TrainedElsewhere | None:
    """Return what is recorded of the adapter that a cell's training starts from, None where it is the plain base."""
    weights = _start(work)
    if weights is None:
        return None
    sha256 = work.content.weights[weights.key]
    return TrainedElsewhere(kind="adapter", source=weights.address, sha256=sha256, seed=weights.seed)


def _start(work: CellWork) -> Weights | None:
    return None if work.recipe is None else work.experiment.start_of(work.recipe, work.seed)
