"""Time, memory and disk that an experiment would take on this machine, estimated before anything is spent.

Time: seconds a token and layer, measured in `calibrate`, times tokens (the padding of batches too) and layers, the
output head at completion tokens, and AdamW on what trains. A recipe that trains nothing below layer l needs no backward
pass there. Memory: weights (on a GPU as they are quantized), gradients and two AdamW moments for what trains, and about
34 bytes of activations a token, layer and hidden unit in 16-bit or 68 in 32-bit precision (Korthikanti et al. 2022,
arXiv 2205.05198, without the attention term).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from transformers import AutoConfig

from harness.diagnostics import diagnostics_of
from harness.errors import SourceError
from harness.methods.dry_run import Description, describe, matched_size
from harness.methods.traits import traits
from harness.model.counting import base_bytes
from harness.model.devices import device_kind, device_name
from harness.model.shapes import hidden_size
from harness.plan.batch import examples_a_step
from harness.plan.cells import PlannedCell, plan_cells
from harness.plan.costs import CellCost, Estimate
from harness.plan.power import power_of
from harness.plan.search import plan_trials
from harness.preflight.calibrate import Calibration, calibrate
from harness.preflight.contamination import check_contamination_at_hand
from harness.preflight.content import content_at_hand
from harness.preflight.incompatibilities import check_device, check_recipes
from harness.preflight.token_counts import RowTokens, SuiteTokens, TokenCounts, count_tokens
from harness.preflight.unknown import Unknown
from harness.records import MatchedSize
from harness.sources import models
from harness.sources.offline import without_downloads
from harness.spec.records import Experiment, Recipe, Stage

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
ACTIVATION_BYTES = {"float32": 68, "bfloat16": 34, "float16": 34}
BASE = Recipe(method="base", name="untuned")
LIBRARIES = 1_200_000_000
"""Resident bytes of a worker process before it loads a model (measured on Linux)."""


def estimate(experiment: Experiment, *, device: str = "cpu") -> Estimate:
    """Return what the experiment would cost on `device`, without downloading anything.

    Raises `UsageError`, `RecipeError`, `TaskError` or `SourceError` for mistakes that a run would stop at too.
    """
    with without_downloads():
        return _estimate(experiment, device)


def _estimate(experiment: Experiment, device: str) -> Estimate:
    check_device(device)
    diagnostics_of(experiment.diagnostics)
    config = model_config(experiment)
    check_recipes(experiment, config, device)
    unknown = Unknown()
    speed, counted = calibrate(config, device), count_tokens(experiment, unknown)
    screening, unscreened = check_contamination_at_hand(experiment, unknown)
    width = BYTES[experiment.model.dtype]
    known = {each.id: _Known.of(each, config, width, device) for each in (BASE, *experiment.recipes)}
    content = content_at_hand(experiment, unknown)

    def costs(cells: Iterable[PlannedCell]) -> tuple[CellCost, ...]:
        return tuple(_cost(experiment, each, known[(each.recipe or BASE).id], speed, counted) for each in cells)

    return Estimate(
        device="CPU" if device == "cpu" else device_name(device),
        parameters=describe(Recipe(method="full", name="all"), config).total,
        cells=costs(plan_cells(experiment, content)),
        trials=costs(trial.planned for trial in plan_trials(experiment, content)),
        suites={task: (each.items, each.tokens) for task, each in counted.suites.items()},
        rows=counted.rows.count,
        screening=screening,
        power=power_of(experiment, {task: each.items for task, each in counted.suites.items()}),
        unscreened=unscreened,
        assumed=tuple(unknown.assumed),
        absent=tuple(unknown.absent),
        reasons=tuple(unknown.reasons),
    )


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
    return dict(AutoConfig.from_pretrained(models.folder(model)).to_dict())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What a recipe comes to, the same for all of its cells."""

    description: Description
    matched: MatchedSize | None
    hidden: int
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
            weights=base + (0 if traits(recipe).trains_base_weights else described.trainable * width),
        )


def _cost(
    experiment: Experiment, planned: PlannedCell, known: _Known, speed: Calibration, counted: TokenCounts
) -> CellCost:
    recipe, comes_to = planned.recipe or BASE, known.description
    width = BYTES[experiment.model.dtype]
    parts = _parts(experiment, planned.recipe, known, counted)
    trainable = comes_to.trainable if planned.recipe else 0
    suites = planned.suites.values()
    return CellCost(
        cell=planned.cell.id,
        recipe=planned.cell.recipe,
        layers=comes_to.layer_count if planned.recipe else 0,
        trainable=trainable,
        tokens=sum(part.tokens for part in parts),
        train_seconds=sum(part.seconds(speed) for part in parts),
        evaluate_seconds=sum(_seconds_a_suite(counted.suites[each.task], comes_to, speed) for each in suites),
        memory=round(LIBRARIES + known.weights + max((part.memory(width) for part in parts), default=0)),
        disk=0 if traits(recipe).trains_base_weights and not experiment.keep_weights else trainable * width,
        matched=None if known.matched is None else str(known.matched),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One training of a cell: `examples` a step, `batch` at a time; `activations` are bytes."""

    recipe: Recipe
    known: Description
    steps: int
    examples: int
    batch: int
    rows: RowTokens
    activations: float

    @property
    def tokens(self) -> int:
        """Tokens that are read, prompts included."""
        return round(self.steps * self.examples * self.rows.tokens)

    def seconds(self, speed: Calibration) -> float:
        """Return how long it takes."""
        example = _seconds_an_example(self.recipe, self.known, speed, self.rows, self.batch)
        return self.steps * (self.examples * example + self.known.trainable * speed.optimizer)

    def memory(self, width: int) -> float:
        """Return the bytes that it takes beside the weights: gradients, two moments, activations."""
        return self.known.trainable * 3 * width + self.activations


def _parts(experiment: Experiment, recipe: Recipe | None, known: _Known, counted: TokenCounts) -> list[_Part]:
    """Return the trainings of a recipe in order, none for the base."""
    stages, whole = recipe.parts if recipe else (), known.description
    described = whole.stages or (whole,)
    return [_part(experiment, *each, known.hidden, counted) for each in zip(stages, described, strict=False)]


def _part(experiment: Experiment, stage: Stage, known: Description, hidden: int, counted: TokenCounts) -> _Part:
    rows = counted.of(stage)
    fields = experiment.training_of(stage.trained)
    steps, examples = _steps(fields, rows)
    longer = rows.tokens + traits(stage.recipe).added_tokens
    read = examples * longer * known.total_layers * hidden
    return _Part(
        recipe=stage.recipe,
        known=known,
        steps=steps,
        examples=examples,
        batch=int(fields.get("per_device_train_batch_size", 8)),
        rows=rows,
        activations=read * ACTIVATION_BYTES[experiment.model.dtype],
    )


def _seconds_a_suite(size: SuiteTokens, known: Description, speed: Calibration) -> float:
    return size.items * (size.tokens * known.total_layers * speed.layer.forward + size.answers * speed.head.forward)


def _steps(fields: Mapping[str, Any], counted: RowTokens) -> tuple[int, int]:
    """Return optimizer steps and examples a step, from SFTConfig's fields and their defaults."""
    batch = examples_a_step(fields)
    if int(fields.get("max_steps", -1)) > 0:
        return int(fields["max_steps"]), batch
    rows = counted.count or 1000
    return max(1, round(float(fields.get("num_train_epochs", 3.0)) * rows / batch)), batch


def _seconds_an_example(recipe: Recipe, known: Description, speed: Calibration, rows: RowTokens, batch: int) -> float:
    lowest = min(known.layers) if known.layers else 0  # where data will tell, the worst case
    back = known.total_layers - lowest  # layers between the loss and the lowest that trains
    weights = known.layer_count if traits(recipe).trains_base_weights else 0
    layer, head = speed.layer, speed.head
    in_layers = known.total_layers * layer.forward + back * layer.backward_input + weights * layer.backward_weights
    in_head = head.forward + head.backward_input + head.backward_weights * (known.trainable == known.total)
    longer = rows.padded(batch) + traits(recipe).added_tokens
    return longer * in_layers + rows.completion_tokens * in_head
