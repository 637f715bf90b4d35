"""The trainings of a recipe on a model: steps, examples and seconds of each, and what each asks of memory."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from transformers import AutoConfig

from harness.errors import SourceError
from harness.methods.dry_run import Description, describe, matched_size
from harness.methods.traits import traits
from harness.model.counting import base_bytes, largest_layer
from harness.model.devices import device_kind
from harness.model.shapes import hidden_size, known_config, vocabulary_size
from harness.plan.batch import examples_a_step
from harness.plan.costs import TrainingMemory
from harness.plan.sizes import recipes_to_train
from harness.preflight import memory
from harness.preflight.calibrate import Calibration
from harness.preflight.row_tokens import RowTokens
from harness.preflight.token_counts import TokenCounts
from harness.records import MatchedSize
from harness.sources import models
from harness.spec.records import Experiment, Recipe, Stage
from harness.trained import RowCounts
from harness.training.lengths import count_rows

BASE = Recipe(method="base", name="untuned")


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


@dataclass(frozen=True, slots=True)
class Demand:
    """A training, and what it asks of memory."""

    recipe: Recipe
    stage: Stage
    memory: TrainingMemory


def demands(experiment: Experiment, counted: TokenCounts, device: str, sizes: "Sizes | None" = None) -> list[Demand]:
    """Return what every training of every recipe asks of memory, libraries included; `sizes` are those of `device`."""
    sizes = sizes or Sizes(experiment, device)
    config, width = sizes.config, sizes.width
    _, layer, outside = largest_layer(config)
    found = []
    for recipe in experiment.recipes:
        known = sizes.of(recipe)
        for stage, part in zip(recipe.parts, parts_of(experiment, recipe, known, counted), strict=True):
            divisible = not is_whole_by_nature(experiment.training_of(stage.trained), config)
            asked = _memory(recipe, known, part)
            asked = replace(asked, outside=outside * width, layer=layer * width, divisible=divisible)
            found.append(Demand(recipe=recipe, stage=stage, memory=asked))
    return found


def largest_cell(experiment: Experiment, counted: TokenCounts, sizes: "Sizes | None" = None) -> int:
    """Return the bytes that the cell which asks for most takes on a CPU, the largest batch's activations included.

    `sizes` are those of a CPU.
    """
    sizes = sizes or Sizes(experiment, "cpu")
    at_every_size = replace(experiment, recipes=recipes_to_train(experiment))
    asked = [each.memory.bytes_with() for each in demands(at_every_size, counted, "cpu", sizes)]
    return max([memory.LIBRARIES + sizes.of(BASE).weights, *asked])


def _memory(recipe: Recipe, known: "Known", part: "Part") -> TrainingMemory:
    return TrainingMemory(
        recipe=recipe.id,
        libraries=memory.LIBRARIES,
        base=known.base,
        masters=known.weights - known.base,
        gradients=part.held.gradients,
        moments=part.held.moments,
        keeps=part.held.keeps,
        rows=part.batch,
        examples=part.examples,
        a_row=part.activations / part.batch,
        a_row_again=part.activations_again / part.batch,
        recomputes=part.recomputed,
        trains_base=traits(recipe).trains_base_weights,
        packed=bool(recipe.base_quantization),
    )


def is_whole_by_nature(fields: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    """Tell whether the loss is one of a whole batch: a mixture of experts has its router's beside that of the rows."""
    text = known_config(config).get_text_config()
    own = fields.get("router_aux_loss_coef")
    share = getattr(text, "router_aux_loss_coef", 0.0) if own is None else own
    return hasattr(text, "output_router_logits") and share != 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a recipe comes to, the same for all of its cells."""

    description: Description
    matched: MatchedSize | None
    hidden: int
    vocabulary: int
    base: int
    """Bytes of the base model as it is loaded."""
    weights: int
    """Bytes of the base and of what trains, at the most that there are at a time."""

    @classmethod
    def of(cls, recipe: Recipe, config: Mapping[str, Any], width: int, device: str) -> "Known":
        described = describe(recipe, config)
        # A CPU reads the plain weights before it packs them, and its peak does not fall.
        quantization = recipe.base_quantization if device_kind(device) == "cuda" else None
        base = base_bytes(config, width, quantization)
        return cls(
            description=described,
            matched=matched_size(recipe, config),
            hidden=hidden_size(config),
            vocabulary=vocabulary_size(config),
            base=base,
            weights=base + (0 if recipe is BASE else described.trainable * _bytes_more(recipe, width)),
        )


class Sizes:
    """What recipes come to on an experiment's model and a device, each worked out once."""

    def __init__(self, experiment: Experiment, device: str) -> None:
        self.config = model_config(experiment)
        self.width = memory.WIDTH[experiment.model.dtype]
        self._device = device
        self._known: dict[str, Known] = {}

    def of(self, recipe: Recipe) -> Known:
        """Return what a recipe comes to; raises as `describe` does."""
        key = _sized(recipe)
        if key not in self._known:
            self._known[key] = Known.of(recipe, self.config, self.width, self._device)
        return self._known[key]


def _sized(recipe: Recipe) -> str:
    """Return what tells recipes of different size apart, however they train."""
    return repr(replace(recipe, training={}, compute=None, description=""))


def _bytes_more(recipe: Recipe, width: int) -> int:
    """Return by how many bytes a weight that trains lengthens the base, which has it at `width` bytes or not at all."""
    return memory.MASTER - width if traits(recipe).trains_base_weights else memory.MASTER


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One training of a cell: `examples` a step, `batch` at a time.

    `held` and `activations` of a batch are in bytes, beside the weights; `activations_again` are those where they are
    computed again in the backward pass.
    """

    recipe: Recipe
    known: Description
    steps: int
    examples: int
    batch: int
    rows: RowTokens
    held: memory.Held
    activations: float
    activations_again: float
    recomputed: bool
    counted: RowCounts

    @property
    def memory(self) -> float:
        """Bytes that it takes beside the weights."""
        return self.held.bytes + self.activations

    @property
    def tokens(self) -> int:
        """Tokens that are read, prompts included."""
        return round(self.steps * self.examples * self.rows.tokens)

    def seconds(self, speed: Calibration) -> float:
        """Return how long it takes."""
        example = _seconds_an_example(self, speed)
        return self.steps * (self.examples * example + self.known.trainable * speed.optimizer)


def parts_of(experiment: Experiment, recipe: Recipe | None, known: Known, counted: TokenCounts) -> list[Part]:
    """Return the trainings of a recipe in order, none for the base."""
    stages, whole = recipe.parts if recipe else (), known.description
    described = whole.stages or (whole,)
    return [_part(experiment, *each, known, counted) for each in zip(stages, described, strict=False)]


def _part(experiment: Experiment, stage: Stage, own: Description, known: Known, counted: TokenCounts) -> Part:
    rows, dtype = counted.of(stage), experiment.model.dtype
    fields = experiment.training_of(stage.trained)
    steps, examples = _steps(fields, rows)
    held = memory.trained(own.trainable, keeps_best=experiment.early_stopping is not None)
    activations = functools.partial(
        memory.activations,
        rows=rows,
        dtype=dtype,
        layers=_backwards(own),
        hidden=known.hidden,
        vocabulary=known.vocabulary,
        virtual_tokens=traits(stage.recipe).added_tokens,
    )
    return Part(
        recipe=stage.recipe,
        known=own,
        steps=steps,
        examples=examples,
        batch=int(fields.get("per_device_train_batch_size", 8)),
        rows=rows,
        held=held,
        activations=activations(fields),
        activations_again=activations({**fields, "gradient_checkpointing": True}),
        recomputed=memory.checkpoints(fields),
        counted=replace(count_rows(rows.spans, fields), origins=rows.origins),
    )


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


def _seconds_an_example(part: Part, speed: Calibration) -> float:
    recipe, known, rows = part.recipe, part.known, part.rows
    back = _backwards(known)
    weights = known.layer_count if traits(recipe).trains_base_weights else 0
    layer, head = speed.layer, speed.head
    forward = known.total_layers + part.recomputed * back
    in_layers = forward * layer.forward + back * layer.backward_input + weights * layer.backward_weights
    in_head = head.forward + head.backward_input + head.backward_weights * (known.trainable == known.total)
    longer = rows.padded(part.batch) + traits(recipe).added_tokens
    return longer * in_layers + rows.completion_tokens * in_head
