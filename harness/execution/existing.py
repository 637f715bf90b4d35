"""A cell whose training is an import: a model that was trained elsewhere, put onto the experiment's base."""

from pathlib import Path

from harness.errors import SourceError
from harness.execution.base import load_model
from harness.execution.unit import CellWork
from harness.methods import existing
from harness.plan.cells import Existing
from harness.sources import models
from harness.sources.weights import folder_of, weights_sha256
from harness.spec.records import Model
from harness.trained import TrainedElsewhere


def load_existing(work: CellWork, planned: Existing) -> models.Loaded:
    """Return the model of a cell and the base's tokenizer.

    Raises `SourceError` where the files are not those that were looked at when the run was prepared.
    """
    folder = folder_of(planned.weights)
    if weights_sha256(folder, planned.kind) != work.content.weights[planned.weights.key]:
        raise SourceError(f"{planned.weights.address} changed since the run was prepared; start the command again.")
    return onto_base(work.experiment.model, planned, folder, device=work.device)


def onto_base(declared: Model, planned: Existing, folder: Path, *, device: str) -> models.Loaded:
    """Return the base with what lies in a folder on it. Raises `RecipeError` where it does not fit."""
    base = load_model(declared, device=device)
    return models.Loaded(existing.load(base.model, planned.kind, folder), base.tokenizer)


def elsewhere(work: CellWork, planned: Existing) -> TrainedElsewhere:
    """Return what is recorded of a model that was trained elsewhere."""
    folder = folder_of(planned.weights)
    return TrainedElsewhere(
        kind=planned.kind,
        source=planned.weights.address,
        sha256=work.content.weights[planned.weights.key],
        seed=planned.weights.seed,
        base_model=existing.trained_on(planned.kind, folder),
    )
