"""Time, memory and disk that an experiment would take on this machine, estimated before anything is spent.

Time: seconds a token and layer, measured in `calibrate`, times tokens (the padding of batches too) and layers, the
output head at completion tokens, and AdamW on what trains. A recipe that trains nothing below layer l needs no backward
pass there. Memory: weights (on a GPU as they are quantized), and what `memory` says that training and scoring take.
Disk: what is saved, lm-eval's sample files, and weights that are deleted once they are scored.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoConfig

from harness.diagnostics import check_diagnostics
from harness.errors import SourceError
from harness.methods.dry_run import Description, describe, matched_size
from harness.methods.traits import traits
from harness.model.counting import base_bytes
from harness.model.devices import device_kind, device_name
from harness.model.shapes import hidden_size, vocabulary_size
from harness.plan.batch import examples_a_step
from harness.plan.cells import PlannedCell, plan_cells
from harness.plan.costs import CellCost, Estimate
from harness.plan.power import power_of
from harness.plan.search import expected_trials
from harness.preflight import memory
from harness.preflight.calibrate import Calibration
from harness.preflight.calibrated import calibrated
from harness.preflight.contamination import check_contamination_at_hand
from harness.preflight.content import content_at_hand
from harness.preflight.existing import check_existing
from harness.preflight.incompatibilities import check_device, check_recipes
from harness.preflight.token_counts import RowTokens, SuiteTokens, TokenCounts, count_tokens
from harness.preflight.unknown import Unknown
from harness.preflight.workers import places, workers_of
from harness.records import MatchedSize
from harness.sources import models
from harness.sources.offline import without_downloads
from harness.spec.records import Experiment, Recipe, Stage
from harness.suites.load import built_once
from harness.trained import RowCounts
from harness.training.lengths import count_rows

BASE = Recipe(method="base", name="untuned")
_MINUTE = 60.0


def estimate(
    experiment: Experiment,
    *,
    device: str = "cpu",
    measure_anew: bool = False,
    on_stage: Callable[[str], None] = lambda _name: None,
) -> Estimate:
    """Return what the experiment would cost on `device`, without downloading anything.

    The machine's speed is kept between plans unless it is to be measured anew. `on_stage` is called with the name of
    what comes next: ``recipes`` and each of them, ``speed``, ``tokens``, ``contamination``, ``identity``.

    Raises `UsageError`, `RecipeError`, `TaskError` or `SourceError` for mistakes that a run would stop at too.
    """
    with without_downloads(), built_once():
        return _estimate(experiment, device, on_stage, measure_anew=measure_anew)


def _estimate(experiment: Experiment, device: str, on_stage: Callable[[str], None], *, measure_anew: bool) -> Estimate:
    check_device(device)
    check_diagnostics(experiment, experiment.model.config)
    on_stage("recipes")
    config = model_config(experiment)
    check_recipes(experiment, config, device, on_stage)
    if experiment.model.config is None:
        check_diagnostics(experiment, config)
    if experiment.arms and models.is_local(experiment.model):
        check_existing(experiment, models.tokenizer(experiment.model), on_stage, local=True)
    on_stage("speed")
    kept = calibrated(config, device, anew=measure_anew)
    speed, unknown = kept.calibration, Unknown()
    on_stage("tokens")
    counted = count_tokens(experiment, unknown)
    on_stage("contamination")
    screening, unscreened = check_contamination_at_hand(experiment, unknown)
    on_stage("identity")
    width = memory.WIDTH[experiment.model.dtype]
    known = {each.id: _Known.of(each, config, width, device) for each in (BASE, *experiment.recipes)}
    content = content_at_hand(experiment, unknown)

    def costs(cells: Iterable[PlannedCell]) -> tuple[CellCost, ...]:
        return tuple(_cost(experiment, each, known[(each.recipe or BASE).id], speed, counted) for each in cells)

    trials, widening = expected_trials(experiment, content)
    return Estimate(
        device="CPU" if device == "cpu" else device_name(device),
        parameters=describe(Recipe(method="full", name="all"), config).total,
        cells=costs(plan_cells(experiment, content)),
        trials=costs(trial.planned for trial in trials),
        widening=costs(trial.planned for trial in widening),
        suites={task: (each.items, each.tokens) for task, each in counted.suites.items()},
        rows=counted.rows.count,
        measured=kept.day,
        busy=kept.busy,
        screening=screening,
        power=power_of(experiment, {task: each.items for task, each in counted.suites.items()}),
        unscreened=unscreened,
        assumed=tuple(unknown.assumed),
        absent=tuple(unknown.absent),
        reasons=tuple(unknown.reasons),
        at_once=_at_once(experiment, device),
    )


def _at_once(experiment: Experiment, device: str) -> int:
    return places(workers_of(experiment.execute), accelerators(device), cells_that_fit(experiment, device))


def cells_that_fit(experiment: Experiment, device: str) -> int | None:
    """Return how many of the largest cells this machine's memory holds at once, None where one runs at a time."""
    if workers_of(experiment.execute) == 1 or device != "cpu":
        return None
    return memory.cells_that_fit(least_memory(experiment))


def accelerators(device: str) -> int | None:
    """Return how many devices of this kind there are to share out, None for a CPU."""
    if device == "cpu":
        return None
    return torch.cuda.device_count() if device == "cuda" else 1


def model_config(experiment: Experiment) -> dict[str, Any]:
    """Return the model's config: declared in the spec, else read from the model where it is at hand."""
    model = experiment.model
    if model.config is not None:
        return dict(model.config)
    if not models.is_local(model):
        raise SourceError(
            "the model is not in the cache and the spec declares no `model.config`, so its size is not known. "
            "Add the model's shape to the spec, or run once where the model can be fetched."
        )
    return dict(AutoConfig.from_pretrained(models.folder(model), trust_remote_code=False).to_dict())


def least_memory(experiment: Experiment) -> int:
    """Return the bytes that the largest cell takes on a CPU before its first batch: libraries, weights, optimizer."""
    config, width = model_config(experiment), memory.WIDTH[experiment.model.dtype]
    keeps_best = experiment.early_stopping is not None
    known = [_Known.of(each, config, width, "cpu") for each in (BASE, *experiment.recipes)]
    held = [each.weights + memory.trained(each.description.trainable, keeps_best=keeps_best) for each in known]
    return memory.LIBRARIES + max(held)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one training of a recipe asks of memory, in bytes: `fixed`, and `a_row` for each of a batch's `rows`."""

    recipe: Recipe
    stage: Stage
    rows: int
    fixed: float
    a_row: float

    def bytes_with(self, rows_at_once: int | None = None) -> int:
        """Return what it takes where so many rows are read at a time, None being all."""
        rows = self.rows if rows_at_once is None else min(self.rows, rows_at_once)
        return round(self.fixed + rows * self.a_row)


def demands(experiment: Experiment, counted: TokenCounts, device: str) -> list[Demand]:
    """Return what every training of every recipe asks of memory, libraries included."""
    config, width = model_config(experiment), memory.WIDTH[experiment.model.dtype]
    found = []
    for recipe in experiment.recipes:
        known = _Known.of(recipe, config, width, device)
        for stage, part in zip(recipe.parts, _parts(experiment, recipe, known, counted), strict=True):
            fixed = memory.LIBRARIES + known.weights + part.held
            a_row = part.activations / part.batch
            found.append(Demand(recipe=recipe, stage=stage, rows=part.batch, fixed=fixed, a_row=a_row))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What a recipe comes to, the same for all of its cells."""

    description: Description
    matched: MatchedSize | None
    hidden: int
    vocabulary: int
    weights: int
    """Bytes of the base and of what trains, at the most that there are at a time."""

    @classmethod
    def of(cls, recipe: Recipe, config: Mapping[str, Any], width: int, device: str) -> "_Known":
        described = describe(recipe, config)
        # A CPU reads the plain weights before it packs them, and its peak does not fall.
        quantization = recipe.base_quantization if device_kind(device) == "cuda" else None
        base = base_bytes(config, width, quantization)
        return cls(
            description=described,
            matched=matched_size(recipe, config),
            hidden=hidden_size(config),
            vocabulary=vocabulary_size(config),
            weights=base + (0 if recipe is BASE else described.trainable * _bytes_more(recipe, width)),
        )


def _bytes_more(recipe: Recipe, width: int) -> int:
    """Return by how many bytes a weight that trains lengthens the base, which has it at `width` bytes or not at all."""
    return memory.MASTER - width if traits(recipe).trains_base_weights else memory.MASTER


def _cost(
    experiment: Experiment, planned: PlannedCell, known: _Known, speed: Calibration, counted: TokenCounts
) -> CellCost:
    recipe, comes_to = planned.recipe or BASE, known.description
    width = memory.WIDTH[experiment.model.dtype]
    parts = _parts(experiment, planned.recipe, known, counted)
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
        evaluate_seconds=sum(_seconds_a_suite(each, comes_to, speed) for each in suites),
        memory=round(memory.LIBRARIES + known.weights + max([*(part.memory for part in parts), *scoring], default=0)),
        disk=samples + (0 if deleted else saved),
        written=(saved if deleted else 0) + _checkpoints(experiment, parts, speed),
        matched=None if known.matched is None else str(known.matched),
        rows=RowCounts.of_all([part.counted for part in parts]) if parts and all(p.rows.spans for p in parts) else None,
    )


def _checkpoints(experiment: Experiment, parts: Sequence["_Part"], speed: Calibration) -> int:
    """Return the bytes of the largest checkpoint of trainings that take long enough, twice: while one is made."""
    minutes, keeps_best = experiment.execute.checkpoint_minutes, experiment.early_stopping is not None
    long = [] if minutes is None else [part for part in parts if part.seconds(speed) > minutes * _MINUTE]
    return 2 * max((memory.checkpoint(part.known.trainable, keeps_best=keeps_best) for part in long), default=0)


def _saved(recipe: Recipe | None, known: Description) -> int:
    """Return the parameters that are written: an adapter's, or the whole model's of a stage that trains its own."""
    stages = recipe.parts if recipe else ()
    each = zip(stages, known.stages or (known,), strict=False)
    return sum(own.total if traits(stage.recipe).trains_base_weights else own.trainable for stage, own in each)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One training of a cell: `examples` a step, `batch` at a time.

    `held` (gradients, moments) and `activations` of a batch are in bytes, beside the weights.
    """

    recipe: Recipe
    known: Description
    steps: int
    examples: int
    batch: int
    rows: RowTokens
    held: float
    activations: float
    recomputed: bool
    counted: RowCounts

    @property
    def memory(self) -> float:
        """Bytes that it takes beside the weights."""
        return self.held + self.activations

    @property
    def tokens(self) -> int:
        """Tokens that are read, prompts included."""
        return round(self.steps * self.examples * self.rows.tokens)

    def seconds(self, speed: Calibration) -> float:
        """Return how long it takes."""
        example = _seconds_an_example(self, speed)
        return self.steps * (self.examples * example + self.known.trainable * speed.optimizer)


def _parts(experiment: Experiment, recipe: Recipe | None, known: _Known, counted: TokenCounts) -> list[_Part]:
    """Return the trainings of a recipe in order, none for the base."""
    stages, whole = recipe.parts if recipe else (), known.description
    described = whole.stages or (whole,)
    return [_part(experiment, *each, known, counted) for each in zip(stages, described, strict=False)]


def _part(experiment: Experiment, stage: Stage, own: Description, known: _Known, counted: TokenCounts) -> _Part:
    rows, dtype = counted.of(stage), experiment.model.dtype
    fields = experiment.training_of(stage.trained)
    steps, examples = _steps(fields, rows)
    held = memory.trained(own.trainable, keeps_best=experiment.early_stopping is not None)
    activations = memory.activations(
        fields,
        rows,
        dtype=dtype,
        layers=_backwards(own),
        hidden=known.hidden,
        vocabulary=known.vocabulary,
        virtual_tokens=traits(stage.recipe).added_tokens,
    )
    return _Part(
        recipe=stage.recipe,
        known=own,
        steps=steps,
        examples=examples,
        batch=int(fields.get("per_device_train_batch_size", 8)),
        rows=rows,
        held=held,
        activations=activations,
        recomputed=memory.checkpoints(fields),
        counted=count_rows(rows.spans, fields),
    )


def _memory_of_scoring(size: SuiteTokens, experiment: Experiment, known: _Known) -> float:
    options, dtype = experiment.evaluation, experiment.model.dtype
    return memory.scoring(size, dtype=dtype, batch=options.batch_size, hidden=known.hidden, vocabulary=known.vocabulary)


def _seconds_a_suite(size: SuiteTokens, known: Description, speed: Calibration) -> float:
    return size.items * (size.tokens * known.total_layers * speed.layer.forward + size.answers * speed.head.forward)


def _steps(fields: Mapping[str, Any], counted: RowTokens) -> tuple[int, int]:
    """Return optimizer steps and examples a step, from SFTConfig's fields and their defaults."""
    batch = examples_a_step(fields)
    if int(fields.get("max_steps", -1)) > 0:
        return int(fields["max_steps"]), batch
    rows = counted.count or 1000
    return max(1, round(float(fields.get("num_train_epochs", 3.0)) * rows / batch)), batch


def _backwards(known: Description) -> int:
    """Return the layers between the loss and the lowest that trains; where data will tell, the worst case."""
    return known.total_layers - (min(known.layers) if known.layers else 0)


def _seconds_an_example(part: _Part, speed: Calibration) -> float:
    recipe, known, rows = part.recipe, part.known, part.rows
    back = _backwards(known)
    weights = known.layer_count if traits(recipe).trains_base_weights else 0
    layer, head = speed.layer, speed.head
    forward = known.total_layers + part.recomputed * back
    in_layers = forward * layer.forward + back * layer.backward_input + weights * layer.backward_weights
    in_head = head.forward + head.backward_input + head.backward_weights * (known.trainable == known.total)
    longer = rows.padded(part.batch) + traits(recipe).added_tokens
    return longer * in_layers + rows.completion_tokens * in_head
