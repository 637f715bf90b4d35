"""What a cell and an evaluation are, as hashes of what changes their numbers.

In: the model's pinned identity and dtype; the recipe without its names and description; the training arguments
after merging; the training data's declaration; for a recipe in stages these of each, and what becomes of its
adapter; the seed; the version of this list. Out: file names, descriptions, library versions (recorded in the lock
file, where a change is reported), and for cells the suites.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from harness.declarations.places import task_file
from harness.records import Cell
from harness.spec.records import Data, Experiment, Recipe, Stage, Suite

HASH_VERSION = 1
_NAMES = ("method", "name", "description")


def digest(value: Any) -> str:
    """Return the first 8 hex digits of the SHA-256 of `value` as canonical JSON."""
    text = json.dumps(_said(value), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _said(value: Any) -> Any:
    """Leave out what is None or empty, so that a field that a later version adds changes no hash until it is used."""
    if isinstance(value, Mapping):
        kept = {key: _said(each) for key, each in value.items()}
        return {key: each for key, each in kept.items() if each is not None and each not in ({}, [])}
    return [_said(each) for each in value] if isinstance(value, list | tuple) else value


def base_cell(experiment: Experiment, model_fingerprint: str) -> Cell:
    """Return the untuned base model's cell."""
    return Cell(
        id=f"base--{digest(_model(experiment, model_fingerprint))}",
        recipe="base",
        seed=None,
        model=experiment.model.name,
    )


def trained_cell(experiment: Experiment, recipe: Recipe, seed: int, model_fingerprint: str) -> Cell:
    """Return the cell of one recipe and seed."""
    stages = [_part(stage, experiment) for stage in recipe.stages]
    content = {
        **_model(experiment, model_fingerprint),
        **({"stages": stages} if stages else _part(Stage(recipe=recipe), experiment)),
        "compute": _compute(experiment, recipe),
        "held_out": experiment.validation.share,
        "early_stopping": _early_stopping(experiment),
        "seed": seed,
    }
    return Cell(id=f"{recipe.id}--s{seed}--{digest(content)}", recipe=recipe.id, seed=seed, model=experiment.model.name)


def _part(stage: Stage, experiment: Experiment) -> dict[str, Any]:
    """Return what one training is: of a stage, or of a recipe that has none."""
    seen = experiment.for_stage(stage)
    return {
        **_recipe(experiment, stage.trained),
        "data": [_data(each, experiment) for each in (seen.data, *seen.mix)],
        "then": stage.then,
    }


def data_key(data: Data) -> str:
    """Return a name for a declaration of data, short and the same wherever it stands."""
    return digest(asdict(data))


def trial_cell(experiment: Experiment, recipe: Recipe, seed: int, model_fingerprint: str) -> Cell:
    """Return the cell of one trial: as a run's, with the rows that judge it."""
    cell = trained_cell(experiment, recipe, seed, model_fingerprint)
    judged = digest({"cell": cell.id, "validation": _validation(experiment)})
    return replace(cell, id=f"{recipe.id}--trial--{judged}")


def _recipe(experiment: Experiment, recipe: Recipe) -> dict[str, Any]:
    content = {key: value for key, value in asdict(recipe).items() if key not in (*_NAMES, "training", "compute")}
    return {"recipe": content, "training": experiment.training_of(recipe)}


def _compute(experiment: Experiment, recipe: Recipe) -> Mapping[str, Any] | None:
    """Return what settles the number of steps: the other recipe, whatever it is called."""
    if recipe.compute is None:
        return None
    (other,) = [each for each in experiment.recipes if each.id == recipe.compute.recipe]
    return {"measure": recipe.compute.measure, **_recipe(experiment, other)}


def _early_stopping(experiment: Experiment) -> Mapping[str, Any] | None:
    if experiment.early_stopping is None:
        return None
    return {**asdict(experiment.early_stopping), "validation": _validation(experiment)}


def _validation(experiment: Experiment) -> Mapping[str, Any]:
    declared = experiment.validation
    return {"data": _data(declared.data, experiment) if declared.data else None, "limit": declared.limit}


def evaluation_key(suite: Suite, experiment: Experiment) -> str:
    """Return the identity of scoring one suite, within a cell."""
    content = {
        "hash_version": HASH_VERSION,
        "task": suite.task,
        "declaration": _declaration(suite.task, experiment),
        "limit": suite_limit(suite, experiment),
        "num_fewshot": suite.num_fewshot,
        "options": {key: value for key, value in asdict(experiment.evaluation).items() if key != "limit"},
    }
    return f"{suite.task}--{digest(content)}"


def suite_limit(suite: Suite, experiment: Experiment) -> int | None:
    """Return the number of items that a suite is cut to, None for all."""
    return suite.limit if suite.limit is not None else experiment.evaluation.limit


def _model(experiment: Experiment, fingerprint: str) -> dict[str, Any]:
    return {"hash_version": HASH_VERSION, "model": fingerprint, "dtype": experiment.model.dtype}


def _data(data: Data, experiment: Experiment) -> Mapping[str, Any]:
    content = {key: value for key, value in asdict(data).items() if key != "path"}
    if data.task is not None:
        content["declaration"] = _declaration(data.task, experiment)
    if data.path is not None:
        content["bytes"] = _hash_files([Path(data.path)])
    return content


def _declaration(task: str, experiment: Experiment) -> str | None:
    """Hash the files that declare a task; None for lm-eval's own tasks, which go by their name."""
    file = task_file(task, beside=experiment.file.parent, include=experiment.include)
    if file is None:
        return None
    return _hash_files([path for path in sorted(file.parent.iterdir()) if path.suffix in (".yaml", ".py", ".jsonl")])


def _hash_files(paths: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for path in paths:
        whole.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()
