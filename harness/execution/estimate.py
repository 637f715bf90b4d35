"""What an experiment would cost on this machine, before anything is spent. Estimates, and labelled so.

Time: seconds a token and layer, measured in `calibrate`, times tokens and layers. A recipe that trains nothing
below layer l needs no backward pass there. Memory: weights, gradients and two AdamW moments for what trains, and
about 34 bytes of activations a token, layer and hidden unit in 16-bit or 68 in 32-bit precision (Korthikanti et
al. 2022, arXiv 2205.05198, without the attention term).
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoConfig

from harness import adaptation
from harness.adaptation import Description
from harness.errors import HarnessError, SourceError
from harness.execution.calibrate import Speed, calibrate
from harness.execution.job import Message
from harness.execution.refuse import refuse
from harness.execution.tokens import Rows, Sizes, sizes
from harness.plan.batch import examples_a_step
from harness.plan.cells import PlannedCell, plan_cells
from harness.plan.costs import CellCost, Estimate
from harness.plan.tuning import plan_trials
from harness.sources import models
from harness.spec.records import Experiment, Recipe

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
ACTIVATION_BYTES = {"float32": 68, "bfloat16": 34, "float16": 34}
LIBRARIES = 1_200_000_000
"""Resident bytes of a worker process before it loads a model (measured on Linux)."""


def estimate(experiment: Experiment, send: Callable[[Message | Estimate], None]) -> None:
    """Send the experiment's `Estimate`, or the text of a user's mistake. Nothing is downloaded."""
    os.environ["HARNESS_OFFLINE"] = os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        send(_estimate(experiment))
    except HarnessError as error:
        send(str(error))


def _estimate(experiment: Experiment) -> Estimate:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    config = shape(experiment)
    refuse(experiment, config, device)
    speed, counted = calibrate(config, device), sizes(experiment)
    fingerprint = models.fingerprint(experiment.model)

    def costs(cells: Iterable[PlannedCell]) -> tuple[CellCost, ...]:
        return tuple(_cost(experiment, each, config, speed, counted) for each in cells)

    return Estimate(
        device=torch.cuda.get_device_name() if device == "cuda" else "CPU",
        parameters=adaptation.describe(Recipe(method="full", name="all"), config).total,
        cells=costs(plan_cells(experiment, fingerprint)),
        trials=costs(trial.planned for trial in plan_trials(experiment, fingerprint)),
        suites={task: (each.items, each.tokens) for task, each in counted.suites.items()},
        rows=counted.rows.count,
        assumed=counted.assumed,
    )


def shape(experiment: Experiment) -> dict[str, Any]:
    """Return the model's config: declared in the spec, else read from the model where it is at hand."""
    model = experiment.model
    if model.config is not None:
        return dict(model.config)
    if not models.is_local(model):
        raise SourceError(
            "the model is not in the cache and the spec declares no `model.config`, so its size is not known. "
            "Add the model's shape to the spec, or run once where the model can be fetched."
        )
    return dict(AutoConfig.from_pretrained(models.folder(model)).to_dict())


def _cost(
    experiment: Experiment, planned: PlannedCell, config: Mapping[str, Any], speed: Speed, counted: Sizes
) -> CellCost:
    read = sum(
        counted.suites[suite.task].items * counted.suites[suite.task].tokens for suite in planned.suites.values()
    )
    recipe = planned.recipe or Recipe(method="base", name="untuned")
    known, width = adaptation.describe(recipe, config), BYTES[experiment.model.dtype]
    settled = adaptation.settled(recipe, config)
    parts = _parts(experiment, planned.recipe, config, known, counted)
    trainable = known.trainable if planned.recipe else 0
    own = [part.known.trainable for part in parts]
    return CellCost(
        cell=planned.cell.id,
        recipe=planned.cell.recipe,
        layers=known.layer_count if planned.recipe else 0,
        trainable=trainable,
        tokens=sum(part.tokens for part in parts),
        train_seconds=sum(part.tokens * _seconds_a_token(part.recipe, part.known, speed) for part in parts),
        evaluate_seconds=read * known.total_layers * speed.forward,
        memory=round(
            LIBRARIES
            + known.total * width
            + max(own, default=0) * 3 * width
            + max((part.activations for part in parts), default=0.0)
        ),
        disk=0 if recipe.trains_own_weights and not experiment.keep_weights else trainable * width,
        settled=None if settled is None else str(settled),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One training of a cell: tokens, and bytes of activations."""

    recipe: Recipe
    known: Description
    tokens: int
    activations: float


def _parts(
    experiment: Experiment, recipe: Recipe | None, config: Mapping[str, Any], known: Description, counted: Sizes
) -> list[_Part]:
    """Return the trainings of a recipe in order, none for the base."""
    found = []
    for stage, described in zip(recipe.parts if recipe else (), known.stages or (known,), strict=False):
        rows = counted.of(stage)
        steps, batch = _steps(experiment.training_of(stage.trained), rows)
        read = batch * rows.tokens * known.total_layers * int(config["hidden_size"])
        found.append(
            _Part(
                recipe=stage.recipe,
                known=described,
                tokens=round(steps * batch * rows.tokens),
                activations=read * ACTIVATION_BYTES[experiment.model.dtype],
            )
        )
    return found


def _steps(fields: Mapping[str, Any], counted: Rows) -> tuple[int, int]:
    """Return optimizer steps and examples a step, from SFTConfig's fields and their defaults."""
    batch = examples_a_step(fields)
    if int(fields.get("max_steps", -1)) > 0:
        return int(fields["max_steps"]), batch
    rows = counted.count or 1000
    return max(1, round(float(fields.get("num_train_epochs", 3.0)) * rows / batch)), batch


def _seconds_a_token(recipe: Recipe, known: Description, speed: Speed) -> float:
    lowest = min(known.layers) if known.layers else 0  # where data will tell, the worst case
    back = known.total_layers - lowest  # layers between the loss and the lowest that trains
    weights = known.layer_count if recipe.peft is None else 0
    return known.total_layers * speed.forward + back * speed.backward_input + weights * speed.backward_weights
