"""Time, memory and disk that an experiment would take on this machine, estimated before anything is spent.

Time: seconds a token and layer, measured in `calibrate` or, of a large model, scaled from a smaller shape's, times
tokens (the padding of batches too) and layers, the output head at completion tokens, and AdamW on what trains. A
recipe that trains nothing below layer l needs no backward pass there. Memory: weights (on a GPU as they are quantized),
and what `memory` says that training and scoring take. Disk: what is saved, lm-eval's sample files, and weights that are
deleted once they are scored.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from harness.diagnostics import check_diagnostics
from harness.methods.dry_run import Description, describe
from harness.methods.traits import Traits, traits
from harness.model.counting import largest_layer
from harness.model.devices import device_name
from harness.plan.cells import PlannedCell, plan_cells
from harness.plan.costs import CellCost, Estimate
from harness.plan.phases import expected, expected_in_phases
from harness.plan.power import power_of
from harness.plan.search import expected_trials
from harness.plan.sizes import recipes_to_train
from harness.preflight import memory
from harness.preflight.calibrate import Calibration
from harness.preflight.calibrated import calibrated
from harness.preflight.contamination import check_contamination_at_hand
from harness.preflight.content import content_at_hand
from harness.preflight.existing import check_existing
from harness.preflight.few_rows import few_rows
from harness.preflight.incompatibilities import check_device, check_recipes
from harness.preflight.starts import check_starts
from harness.preflight.suite_tokens import SuiteTokens
from harness.preflight.token_counts import TokenCounts, count_tokens
from harness.preflight.trainings import BASE, Known, Part, Sizes, demands, largest_cell, model_config, parts_of
from harness.preflight.unknown import Unknown
from harness.preflight.workers import places, workers_of
from harness.sources import models
from harness.sources.offline import without_downloads
from harness.spec.records import Experiment, Recipe
from harness.suites.load import built_once
from harness.trained import RowCounts

_MINUTE = 60.0


def estimate(
    experiment: Experiment,
    *,
    device: str = "cpu",
    measure_anew: bool = False,
    memory_on: str | None = None,
    on_stage: Callable[[str], None] = lambda _name: None,
) -> Estimate:
    """Return what the experiment would cost on `device`, without downloading anything.

    With `memory_on` memory is what a device of that kind would hold, which need not be here. The machine's speed is
    kept between plans unless it is to be measured anew. `on_stage` is called with the name of what comes next:
    ``recipes`` and each of them, ``speed``, ``tokens``, ``contamination``, ``identity``.

    Raises `UsageError`, `RecipeError`, `TaskError` or `SourceError` for mistakes that a run would stop at too.
    """
    with without_downloads(), built_once():
        return _estimate(experiment, device, memory_on or device, on_stage, measure_anew=measure_anew)


def _estimate(
    experiment: Experiment, device: str, held_on: str, on_stage: Callable[[str], None], *, measure_anew: bool
) -> Estimate:
    config = _checked(experiment, device, on_stage)
    on_stage("speed")
    kept = calibrated(config, device, anew=measure_anew)
    speed, unknown = kept.calibration, Unknown()
    on_stage("tokens")
    counted = count_tokens(experiment, unknown)
    on_stage("contamination")
    screening, unscreened = check_contamination_at_hand(experiment, unknown)
    on_stage("identity")
    sizes = Sizes(experiment, held_on)
    largest = _largest(experiment, sizes)
    at_every_size = replace(experiment, recipes=recipes_to_train(experiment))
    content = content_at_hand(experiment, unknown)

    def costs(cells: Iterable[PlannedCell]) -> tuple[CellCost, ...]:
        return tuple(_cost(experiment, each, sizes.of(each.recipe or BASE), speed, counted) for each in cells)

    trials, widening = expected_trials(experiment, content)
    left = expected(experiment)
    return Estimate(
        device="CPU" if device == "cpu" else device_name(device),
        parameters=describe(Recipe(method="full", name="all"), config).total,
        cells=costs(_at_largest(each, largest) for each in plan_cells(left, content)),
        trials=costs(trial.planned for trial in (*trials, *expected_in_phases(experiment, content))),
        widening=costs(_at_largest(trial.planned, largest) for trial in widening),
        suites={task: (each.items, each.tokens) for task, each in counted.suites.items()},
        rows=counted.rows.count,
        measured=kept.day,
        busy=kept.busy,
        scaled=kept.scaled,
        screening=screening,
        power=power_of(left, {task: each.items for task, each in counted.suites.items()}),
        unscreened=unscreened,
        assumed=tuple(unknown.assumed),
        absent=tuple(unknown.absent),
        reasons=tuple(unknown.reasons),
        at_once=_at_once(experiment, device, counted, sizes if held_on == device else None),
        trainings=tuple(each.memory for each in demands(at_every_size, counted, held_on, sizes)),
        memory_on=None if held_on == device else held_on,
        few_rows=few_rows(experiment, counted),
        layer_class=largest_layer(config)[0],
    )


def _checked(experiment: Experiment, device: str, on_stage: Callable[[str], None]) -> dict[str, Any]:
    """Return the model's configuration, with which all that a run would stop at is looked for."""
    check_device(device)
    check_diagnostics(experiment, experiment.model.config)
    on_stage("recipes")
    config = model_config(experiment)
    check_recipes(experiment, config, device, on_stage)
    if experiment.model.config is None:
        check_diagnostics(experiment, config)
    if experiment.arms and models.is_local(experiment.model):
        check_existing(experiment, models.tokenizer(experiment.model), on_stage, local=True)
        check_starts(experiment, config, local=True)
    return config


def _largest(experiment: Experiment, sizes: Sizes) -> dict[str, Recipe]:
    """Return by name the recipes whose size is searched for, at the largest: what a search will choose is not known."""
    found: dict[str, Recipe] = {}
    for each in recipes_to_train(experiment)[len(experiment.recipes) :]:
        most = found.setdefault(each.id, each)
        if sizes.of(each).description.trainable > sizes.of(most).description.trainable:
            found[each.id] = each
    return found


def _at_largest(planned: PlannedCell, largest: Mapping[str, Recipe]) -> PlannedCell:
    recipe = largest.get(planned.cell.recipe)
    if recipe is None or planned.recipe is None:
        return planned
    return replace(planned, recipe=replace(recipe, training=planned.recipe.training))


def _at_once(experiment: Experiment, device: str, counted: TokenCounts, sizes: Sizes | None) -> int:
    fitting = cells_that_fit(experiment, device, lambda: counted, sizes)
    return places(workers_of(experiment.execute), accelerators(device), fitting)


def cells_that_fit(
    experiment: Experiment, device: str, counted: Callable[[], TokenCounts], sizes: Sizes | None = None
) -> int | None:
    """Return how many of the largest cells this machine's memory holds at once, None where one runs at a time.

    `counted` is called where that is asked; `sizes` are what is known of the recipes on the device already.
    """
    if workers_of(experiment.execute) == 1 or device != "cpu":
        return None
    return memory.cells_that_fit(largest_cell(experiment, counted(), sizes))


def accelerators(device: str) -> int | None:
    """Return how many devices of this kind there are to share out, None for a CPU."""
    if device == "cpu":
        return None
    return torch.cuda.device_count() if device == "cuda" else 1


def _cost(
    experiment: Experiment, planned: PlannedCell, known: Known, speed: Calibration, counted: TokenCounts
) -> CellCost:
    recipe, comes_to = planned.recipe or BASE, known.description
    width = memory.WIDTH[experiment.model.dtype]
    parts = parts_of(experiment, planned.recipe, known, counted)
    trainable = comes_to.trainable if planned.recipe else 0
    suites = counted.scored(planned)
    scoring = [_memory_of_scoring(each, experiment, known) for each in suites]
    samples = round(sum(each.items * each.written for each in suites))
    # A whole model is written as it is served, an adapter as it trained.
    saved = _saved(planned.recipe, comes_to) * (width if traits(recipe).trains_base_weights else memory.MASTER)
    deleted = traits(recipe).trains_base_weights and not experiment.keep_weights
    return CellCost(
        cell=planned.cell.id,
        recipe=planned.cell.recipe,
        layers=comes_to.layer_count if planned.recipe else 0,
        trainable=trainable,
        tokens=sum(part.tokens for part in parts),
        train_seconds=sum(part.seconds(speed) for part in parts),
        evaluate_seconds=sum(
            _seconds_a_suite(each, traits(recipe), comes_to, speed, once=experiment.execute.reads_once)
            for each in suites
        ),
        memory=round(memory.LIBRARIES + known.weights + max([*(part.memory for part in parts), *scoring], default=0)),
        disk=samples + (0 if deleted else saved),
        written=(saved if deleted else 0) + _checkpoints(experiment, parts, speed),
        matched=None if known.matched is None else str(known.matched),
        rows=RowCounts.of_all([part.counted for part in parts]) if parts and all(p.rows.spans for p in parts) else None,
    )


def _checkpoints(experiment: Experiment, parts: Sequence[Part], speed: Calibration) -> int:
    """Return the bytes of the largest checkpoint of trainings that take long enough, twice: while one is made."""
    minutes = experiment.execute.checkpoint_minutes
    long = [] if minutes is None else [part for part in parts if part.seconds(speed) > minutes * _MINUTE]
    return 2 * max((part.held.bytes for part in long), default=0)


def _saved(recipe: Recipe | None, known: Description) -> int:
    """Return the parameters that are written: an adapter's, or the whole model's of a stage that trains its own."""
    stages = recipe.parts if recipe else ()
    each = zip(stages, known.stages or (known,), strict=False)
    return sum(own.total if traits(stage.recipe).trains_base_weights else own.trainable for stage, own in each)


def _memory_of_scoring(size: SuiteTokens, experiment: Experiment, known: Known) -> float:
    options, dtype = experiment.evaluation, experiment.model.dtype
    return memory.scoring(size, dtype=dtype, batch=options.batch_size, hidden=known.hidden, vocabulary=known.vocabulary)


def _seconds_a_suite(size: SuiteTokens, method: Traits, known: Description, speed: Calibration, *, once: bool) -> float:
    read, projected = size.read + method.added_tokens, size.items * size.answers
    if method.before_input and not (once and method.same_before_each):  # by HFLM, which projects whatever it reads
        read = projected = size.read_apart(method.added_tokens)
    return read * known.total_layers * speed.layer.forward + projected * speed.head.forward
