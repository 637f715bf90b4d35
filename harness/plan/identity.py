"""What a cell and an evaluation are, as hashes of what changes their numbers.

In: the model's weights, dtype and tokenizer with its chat template; the recipe without its names and description, with
the versions of plug-ins; the training arguments after merging; the rendered training rows, those that decide about
training where something does, those that layers are ranked by where these are others, for a recipe in stages these of
each, and what becomes of its adapter; the seed; whether batches are read without padding; which processes share a
training; of an adapter that a recipe starts from its files and what is done with them; of a model that was trained
elsewhere its files in place of all that; of an evaluation the rendered requests, the documents, the code that scores
them, batch size and chat template; the version of this list.
Out: names and places of files, descriptions, library versions
(recorded in the lock file, where a change is reported), and for cells the suites.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from harness.plan.content import Content
from harness.records import Cell
from harness.spec.existing import ExistingArm, Weights
from harness.spec.launch import identity_of
from harness.spec.records import Control, Data, Experiment, Recipe, Stage, Suite, Transform

HASH_VERSION = 2
"""1 hashed the files that declare tasks and data; 2 hashes what they come to."""
CONTROL_VERSION = 1
"""Counted up when a recipe's control has the same rows train otherwise."""
BY_LOSS = {"least_confident": 1}
"""Transforms that take a loaded model, so that their rows do not show in `Content`; counted up where one changes."""
_NAMES = ("method", "name", "description")


def digest(value: Any) -> str:
    """Return the first 8 hex digits of the SHA-256 of `value` as canonical JSON."""
    text = json.dumps(_stated(value), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _stated(value: Any) -> Any:
    """Leave out what is None or empty, so that a field that a later version adds changes no hash until it is used."""
    if isinstance(value, Mapping):
        kept = {key: _stated(each) for key, each in value.items()}
        return {key: each for key, each in kept.items() if each is not None and each not in ({}, [])}
    return [_stated(each) for each in value] if isinstance(value, list | tuple) else value


def base_cell(experiment: Experiment, content: Content) -> Cell:
    """Return the untuned base model's cell."""
    identity = digest(_model(experiment, content))
    return Cell(id=f"base--{identity}", recipe="base", seed=None, model=experiment.model.name)


def control_cell(experiment: Experiment, control: Control, content: Content) -> Cell:
    """Return the cell of the untuned base with examples before every item."""
    identity = digest({**_model(experiment, content), "num_fewshot": control.num_fewshot})
    name = f"base--{control.num_fewshot}-shot--{identity}"
    return Cell(id=name, recipe=control.name, seed=None, model=experiment.model.name)


def trained_cell(experiment: Experiment, recipe: Recipe, seed: int, content: Content) -> Cell:
    """Return the cell of one recipe and seed."""
    stages = [_part(stage, experiment, content) for stage in recipe.stages]
    identity = {
        **_model(experiment, content),
        **({"stages": stages} if stages else _part(Stage(recipe=recipe), experiment, content)),
        "compute": _compute(experiment, recipe, content),
        "early_stopping": asdict(experiment.early_stopping) if experiment.early_stopping else None,
        "every": experiment.validation.every,
        "start": _start(experiment, recipe, seed, content),
        "seed": seed,
    }
    return Cell(
        id=f"{recipe.id}--s{seed}--{digest(identity)}", recipe=recipe.id, seed=seed, model=experiment.model.name
    )


def existing_cell(experiment: Experiment, arm: ExistingArm, weights: Weights, seed: int, content: Content) -> Cell:
    """Return the cell of a model that was trained elsewhere, in the place of one of the experiment's seeds."""
    identity = {
        **_model(experiment, content),
        "existing": {"kind": arm.kind, "files": content.weights[weights.key]},
        "place": seed,
        "seed": weights.seed,
    }
    said = f"s{seed}" if weights.seed is not None else f"unknown-{seed}"
    return Cell(id=f"{arm.name}--{said}--{digest(identity)}", recipe=arm.name, seed=seed, model=experiment.model.name)


def trial_cell(experiment: Experiment, recipe: Recipe, seed: int, content: Content, scored: Sequence[str] = ()) -> Cell:
    """Return the cell of one trial: as a run's, with the rows that judge it and the keys of what is scored of them."""
    cell = trained_cell(experiment, recipe, seed, content)
    judged = digest({"cell": cell.id, "validation": content.validation, "scored": scored})
    return replace(cell, id=f"{recipe.id}--trial--{judged}")


def evaluation_key(suite: Suite, experiment: Experiment, content: Content) -> str:
    """Return the identity of scoring one suite, within a cell."""
    return _evaluation_key(suite.task, content.suites[suite.task], experiment, content)


def margin_key(suite: Suite, experiment: Experiment, content: Content) -> str:
    """Return the identity of scoring the validation rows of a suite's task, within a trial's cell."""
    return _evaluation_key(suite.task, str(content.margin), experiment, content)


def control_key(suite: Suite, experiment: Experiment, content: Content) -> str:
    """Return the identity of scoring a suite as a control asks for it, within the control's cell."""
    return _evaluation_key(suite.task, content.controls[control_suite(suite)], experiment, content)


def control_suite(suite: Suite) -> str:
    """Return the name of a control's suite among those of all controls."""
    return f"{suite.task}, {suite.num_fewshot}-shot"


def _evaluation_key(task: str, requests: str, experiment: Experiment, content: Content) -> str:
    identity = {
        "hash_version": HASH_VERSION,
        "suite": requests,
        "tokenizer": content.tokenizer,
        # Which items are scored shows in the suite's content.
        "options": {
            "batch_size": experiment.evaluation.batch_size,
            "apply_chat_template": experiment.evaluation.apply_chat_template,
        },
        "reads_once": None if experiment.execute.reads_once else False,
    }
    return f"{task}--{digest(identity)}"


def suite_limit(suite: Suite, experiment: Experiment) -> int | None:
    """Return the number of items that a suite is cut to, None for all."""
    return suite.limit if suite.limit is not None else experiment.evaluation.limit


def data_key(data: Data) -> str:
    """Return a name for a declaration of data, short and the same wherever it stands."""
    return digest(asdict(data))


def ranking_data(experiment: Experiment) -> dict[str, tuple[Recipe, Data]]:
    """Return what layers are ranked by that is not what trains, with a recipe that says so, by `data_key`."""
    parts = [(recipe, part.recipe.layers.data) for recipe in experiment.recipes for part in recipe.parts]
    return {data_key(data): (recipe, data) for recipe, data in reversed(parts) if data is not None}


def rows_key(stage: Stage) -> str | None:
    """Return a name for the declaration of a stage's rows; None where they are the experiment's as they stand."""
    changes = {name: asdict(each) for name, each in stage.recipe.transforms.items()}
    mix = stage.recipe.mix
    if not changes and mix is None:
        return None if stage.data is None else data_key(stage.data)
    mixed = None if mix is None else [*map(asdict, mix), "nothing else"]  # an empty list would be left out
    return digest({"data": None if stage.data is None else asdict(stage.data), "mix": mixed, "transforms": changes})


def stages_with_rows(experiment: Experiment) -> dict[str, tuple[Recipe, Stage]]:
    """Return the recipes and stages whose rows are not the experiment's as they stand, by `rows_key`."""
    parts = [(rows_key(part), recipe, part) for recipe in experiment.recipes for part in recipe.parts]
    return {key: (recipe, part) for key, recipe, part in reversed(parts) if key is not None}


def _model(experiment: Experiment, content: Content) -> dict[str, Any]:
    return {
        "hash_version": HASH_VERSION,
        "model": content.model,
        "dtype": experiment.model.dtype,
        "tokenizer": content.tokenizer,
        # In 16 bits what trains was rounded at every step once.
        "masters": "float32" if experiment.model.dtype != "float32" else None,
    }


def _part(stage: Stage, experiment: Experiment, content: Content) -> dict[str, Any]:
    """Return what one training is: of a stage, or of a recipe that has none."""
    key, seen = rows_key(stage), experiment.for_stage(stage)
    deciding = content.validation if stage.data is None else content.stage_validation.get(str(key))
    return {
        **_recipe(experiment, stage.trained, content),
        "rows": content.rows if key is None else content.stages[key],
        "control": None if stage.recipe.control is None else [stage.recipe.control, CONTROL_VERSION],
        "transforms": [[name, each.share, BY_LOSS[name]] for name, each in _by_loss(stage)],
        "sources": [data.plugin for data in (seen.data, *seen.mix) if data.plugin is not None],
        "validation": deciding if experiment.validates else None,
        "then": stage.then,
        "padding_free": experiment.execute.padding_free or None,
        "launch": identity_of(experiment.execute),
        "frozen_training": (experiment.execute.frozen_training and stage.trained.layers.strategy != "all") or None,
    }


def _by_loss(stage: Stage) -> list[tuple[str, Transform]]:
    return sorted((name, each) for name, each in stage.recipe.transforms.items() if name in BY_LOSS)


def _recipe(experiment: Experiment, recipe: Recipe, content: Content) -> dict[str, Any]:
    said = _nameless(recipe, "training", "compute", "data", "start")
    if recipe.match is not None:
        said["match"] = {**said["match"], "recipe": _nameless(recipe.match.recipe)}
    ranking = recipe.layers.data
    ranked_by = None if ranking is None else {"rows": content.ranking[data_key(ranking)], "source": ranking.plugin}
    return {"recipe": said, "training": experiment.training_of(recipe), "ranked_by": ranked_by}


def _nameless(recipe: Recipe, *beside: str) -> dict[str, Any]:
    """Return what a recipe says, but for names and for where rows come from that rank its layers."""
    bare = replace(recipe, layers=replace(recipe.layers, data=None))
    return {key: value for key, value in asdict(bare).items() if key not in (*_NAMES, *beside)}


def _start(experiment: Experiment, recipe: Recipe, seed: int, content: Content) -> Mapping[str, Any] | None:
    """Return the adapter that a training starts from by its files, and what is done with it."""
    weights = experiment.start_of(recipe, seed)
    if recipe.start is None or weights is None:
        return None
    return {"then": recipe.start.then, "files": content.weights[weights.key]}


def _compute(experiment: Experiment, recipe: Recipe, content: Content) -> Mapping[str, Any] | None:
    """Return what settles the number of steps: the other recipe, whatever it is called."""
    if recipe.compute is None:
        return None
    (other,) = [each for each in experiment.recipes if each.id == recipe.compute.recipe]
    return {"measure": recipe.compute.measure, **_recipe(experiment, other, content)}
