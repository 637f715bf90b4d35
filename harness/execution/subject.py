"""The model that is scored outside of a run: one at hand, one that a spec declares, a folder, or a finished cell."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import LedgerError, SourceError, UsageError
from harness.execution.base import load_model, serve
from harness.execution.existing import onto_base
from harness.ledger import RunFolder, read
from harness.ledger.damage import CellFiles, refuse
from harness.ledger.run import OUTCOME, STATE, WEIGHTS
from harness.methods import store
from harness.methods.traits import traits
from harness.plan.cells import Existing
from harness.records import CellResult
from harness.sources import models
from harness.sources.weights import folder_of, weights_sha256
from harness.spec.records import Model, Recipe
from harness.trained import TrainedElsewhere


def subject(model: Any, tokenizer: Any = None, *, device: str = "cpu") -> models.Loaded:
    """Return a model with its tokenizer; what is not loaded yet is loaded onto `device`.

    `model` is a transformers or PEFT model, which comes with its `tokenizer`; a `Model` as a spec declares it; or a
    path, of a finished cell's folder or of a folder in the transformers format. Raises `UsageError` for a model without
    a tokenizer, `LedgerError` and `SourceError` for one that cannot be had.
    """
    if isinstance(model, str | Path):
        folder = Path(model)
        if (folder / OUTCOME).is_file():
            return load_cell(folder, device=device)
        model = Model(source="path", path=str(folder))
    if isinstance(model, Model):
        return load_model(model, device=device)
    if tokenizer is None:
        raise UsageError(f"a {type(model).__name__} is scored with its tokenizer: give that too.")
    return models.Loaded(model, tokenizer)


def load_cell(folder: Path, *, device: str = "cpu") -> models.Loaded:
    """Return the model of a cell, ``<run>/cells/<id>``, and its tokenizer: its base with what was trained on it.

    Raises `LedgerError` where the folder is not a finished cell's, or its weights were not kept, `DamagedError` where
    they are not what was saved, and `SourceError` where the base model cannot be had.
    """
    run = read(folder.resolve().parents[1])
    outcome = run.outcome(folder.resolve().name)
    if not isinstance(outcome, CellResult):
        raise LedgerError(f"{folder} holds no model: its cell has not finished.")
    experiment = run.experiment
    if outcome.cell.seed is None:
        return load_model(experiment.model, device=device)
    if outcome.run_info.existing is not None:
        return _from_elsewhere(run, outcome, outcome.run_info.existing, device=device)
    trained = trained_state(run, outcome)
    refuse(run, CellFiles(run, outcome.cell.id).training())
    base = load_model(experiment.model, quantization=trained.recipe.base_quantization, device=device)
    model = store.load(base.model, trained.recipe, trained.folder).model
    serve(model, experiment.model, device)
    return models.Loaded(model, base.tokenizer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A recipe and the folder with what a cell trained by it."""

    recipe: Recipe
    folder: Path


def trained_state(run: RunFolder, outcome: CellResult) -> Trained:
    """Return what a finished cell trained, as it lies in its folder; nothing is loaded.

    Raises `LedgerError` where it was not kept.
    """
    cell = outcome.cell
    recipe = _recipe(run, cell.recipe)
    state = run.cell_folder(cell) / (WEIGHTS if traits(recipe).trains_base_weights else STATE)
    if not state.is_dir():
        again = (
            f"harness run {run.experiment.file.name} --only {cell.recipe} --seeds {cell.seed} --set keep_weights=true"
        )
        raise LedgerError(
            f"{state.parent} holds no trained weights: those of a whole model are kept where `keep_weights` is set. "
            f"`{again} --out ANOTHER` trains it again and keeps them."
        )
    return Trained(recipe=recipe, folder=state)


def _from_elsewhere(run: RunFolder, outcome: CellResult, recorded: TrainedElsewhere, *, device: str) -> models.Loaded:
    """Return the base with a model from elsewhere on it, as long as its files are those that were scored."""
    experiment, cell = run.experiment, outcome.cell
    (arm,) = [each for each in experiment.arms if each.name == cell.recipe]
    planned = Existing(kind=arm.kind, weights=arm.by_seed(experiment.seeds)[int(cell.seed or 0)])
    folder = folder_of(planned.weights)
    if weights_sha256(folder, arm.kind) != recorded.sha256:
        raise SourceError(f"{recorded.source} is not what the cell {cell.id} scored any more.")
    loaded = onto_base(experiment.model, planned, folder, device=device)
    serve(loaded.model, experiment.model, device)
    return loaded


def _recipe(run: RunFolder, name: str) -> Recipe:
    for recipe in run.experiment.recipes:
        if recipe.id == name:
            return recipe
    raise LedgerError(f"the recipe {name} of that cell is not in the spec that {run.folder} was last run with.")
