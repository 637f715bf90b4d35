"""What an adaptation method is: the contract, what a method is given, and what it gives back."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase, TrainerCallback

from harness.errors import RecipeError
from harness.methods.batches import Batches
from harness.methods.layers._base import Choice
from harness.methods.traits import SAME_BEFORE_EACH, traits
from harness.model.counting import parameters
from harness.model.decoder import layer_names, layers_of
from harness.records import Probe
from harness.spec.records import Recipe

NEWEST = "default"
"""What an adapter is called while it trains; PEFT saves one of this name without a folder of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a method may use while it adapts a model, beside the recipe and the choice of layers.

    Torch's, numpy's and Python's generators are set to `seed` before `Method.apply` is called. `batches` starts a pass
    over training batches and `tokenizer` is the base model's; either is None where there is none, as in a dry run.
    `adapter` is what the adapter is to be called beside those that earlier stages left at work.
    """

    seed: int
    batches: Batches | None = None
    tokenizer: PreTrainedTokenizerBase | None = None
    adapter: str = NEWEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapted:
    """A model ready to train, or loaded again.

    `model` is a transformers model or a wrapper around one, as PEFT's (see `base_of`). `layers` are the decoder layers
    that hold something trainable, `modules` the base model's names of the modules that are adapted (full fine-tuning:
    of those that own a trainable weight). `total` counts the adapter's parameters too, and a 4-bit weight by its
    logical shape. `callbacks` must be given to the trainer. `notes` say where the architecture adapts more or less than
    the recipe asks. `initial` holds the adapter's first values where its initialisation rewrote the base weights (PiSSA
    and its like).
    """

    model: PreTrainedModel
    recipe: Recipe
    layers: tuple[int, ...]
    modules: tuple[str, ...]
    trainable: int
    total: int
    callbacks: tuple[TrainerCallback, ...] = ()
    probes: tuple[Probe, ...] = ()
    notes: tuple[str, ...] = ()
    initial: Mapping[str, Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, model: PreTrainedModel, recipe: Recipe, modules: tuple[str, ...], **more: Any) -> "Adapted":
        """Return the record of an adapted model: its layers are those of `modules`, its parameters are counted."""
        trainable, total = parameters(model)
        layers = layers_of(modules, layer_names(base_of(model)))
        return cls(model=model, recipe=recipe, layers=layers, modules=modules, trainable=trainable, total=total, **more)


class Method(ABC):
    """A way of making a model trainable, of saving what was trained, and of loading it again.

    A third party's method derives from this class and is registered in the entry-point group ``harness.methods``; the
    entry point's name is the key of its options in a recipe. The three abstract functions are all that it must have:
    the others say that it cannot be merged, kept beside another or sized, and that nothing speaks against it.

    *Ownership*: a model that is given is changed in place and belongs to the result. *State*: one instance serves all
    recipes of a process, from one thread at a time; it keeps nothing. *Seeds*: the first values follow from the global
    generators alone, so that two calls with one seed make the same. *Devices*: in a dry run the model is on the meta
    device; a method that needs values raises `NotImplementedError` or `RuntimeError` there, and is tried in memory.
    *Names*: a module that takes the place of one of the base's keeps that one as ``base_layer``, by which its frozen
    weights are recognised. *Errors*: `RecipeError` for a recipe that cannot be applied, and for a folder that does not
    hold what it should; whatever else is raised is taken for a bug.
    """

    @abstractmethod
    def apply(self, model: PreTrainedModel, recipe: Recipe, choice: Choice | None, context: Context) -> Adapted:
        """Make `model` trainable as the recipe says, in the chosen decoder layers (None: in all there are).

        `model` may be one on which earlier stages left adapters at work.
        """

    @abstractmethod
    def save(self, adapted: Adapted, folder: Path) -> None:
        """Write what was trained into an existing folder, tensors as safetensors: nothing in it may need executing."""

    @abstractmethod
    def load(self, model: PreTrainedModel, recipe: Recipe, folder: Path) -> Adapted:
        """Put what `save` wrote back onto a fresh base model, in evaluation mode, so that training can go on."""

    def keep(self, model: PreTrainedModel, recipe: Recipe, folder: Path, adapter: str) -> PreTrainedModel:
        """Put what `save` wrote onto the model, frozen and at work beside the adapters that are there or will come."""
        del model, folder, adapter
        raise RecipeError(f"{recipe.id} cannot be kept at work beside another adapter.")

    def merge(self, adapted: Adapted) -> PreTrainedModel:
        """Fold what was trained, and what is kept at work beside it, into the weights, and return the plain model.

        The adapted model is spent. Raises `RecipeError` with the reason where that cannot be done.
        """
        raise RecipeError(f"{adapted.recipe.id}: {traits(adapted.recipe).label} cannot be merged into the weights.")

    def expected_parameters(self, adapted: Adapted) -> int | None:
        """Return the number of trainable parameters by the method's formula, None where there is none."""
        del adapted
        return None

    def low_rank_updates(self, adapted: Adapted) -> Mapping[str, tuple[Tensor, Tensor]]:
        """Return by module the factors B (out, rank) and A (rank, in) of the update BA; nothing for other updates."""
        del adapted
        return {}

    def unowned_weights(self, layer: nn.Module) -> int:
        """Return how many weights an adapted decoder layer multiplies by that are not parameters of it."""
        del layer
        return 0

    def check(self, recipe: Recipe, *, device: str, training: Mapping[str, Any]) -> Iterable[str]:
        """Return every reason, with the remedy, why the recipe must fail, from what is declared alone.

        `device` is ``cpu``, ``cuda`` or ``mps``, `training` holds the SFTConfig fields that the cell trains with.
        """
        del recipe, device, training
        return ()

    def check_modules(self, recipe: Recipe, modules: tuple[str, ...], model: PreTrainedModel) -> Iterable[str]:
        """Return the reasons that only shapes can tell: `modules` would be adapted of a `model` on the meta device."""
        del recipe, modules, model
        return ()

    def check_next(self, recipe: Recipe, following: Recipe, then: Literal["merge", "keep"]) -> Iterable[str]:
        """Return the reasons why the `following` stage cannot start from what this one's recipe leaves behind."""
        can = {"merge": traits(recipe).merges, "keep": traits(recipe).stacks}[then]
        del following
        return () if can else (f"{recipe.id} cannot be followed by another stage with {then!r}. Make it the last.",)

    def with_size(self, recipe: Recipe, size: int, config: Mapping[str, Any]) -> Recipe:
        """Return the recipe with another rank (or width), in which its parameters grow in a straight line.

        `config` is the model's. Raises `RecipeError` for a recipe that has no such number.
        """
        del size, config
        raise RecipeError(f"{recipe.id}: match needs a method with one rank `r` in the peft block, or a bottleneck.")

    def size(self, recipe: Recipe) -> Mapping[str, float]:
        """Return what `with_size` chose: ``r``, a rank, or ``reduction_factor``, a bottleneck's."""
        del recipe
        return {}

    def without_data(self, recipe: Recipe) -> Recipe:
        """Return a recipe that adapts as many weights and reads neither data nor values, for a dry run on shapes."""
        return recipe


def base_of(model: PreTrainedModel) -> PreTrainedModel:
    """Return the transformers model inside a wrapper that answers to ``get_base_model``, as PEFT's do."""
    inside = getattr(model, "get_base_model", None)
    return model if inside is None else inside()


def tokens_before_input(model: PreTrainedModel) -> str | None:
    """Return the kind of adapter by which a model puts tokens of its own before its input, None where none does."""
    adapter: Any = getattr(model, "active_peft_config", None)
    if adapter is None or not (adapter.is_prompt_learning or adapter.is_adaption_prompt):
        return None
    return str(adapter.peft_type.value)


def virtual_tokens(model: PreTrainedModel) -> int:
    """Return how many tokens of its own a model reads before any input, the same before each: 0 where it has none.

    An adaption prompt stands beside the input in each layer, and which tokens a prompt of several tasks has hangs on
    the task: these have none.
    """
    kind = tokens_before_input(model)
    adapter: Any = getattr(model, "active_peft_config", None)
    return int(adapter.num_virtual_tokens) if kind in SAME_BEFORE_EACH else 0


def saved_file(folder: Path, name: str) -> Path:
    """Return a file that `Method.save` wrote; raises `RecipeError` where it is not there."""
    if not (folder / name).is_file():
        raise RecipeError(f"{folder} holds no {name}. Weights are read from safetensors files alone; save it again.")
    return folder / name


def write_note(folder: Path, name: str, value: Mapping[str, Any]) -> None:
    """Write what loading has to know beside the weights."""
    (folder / name).write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def read_note(folder: Path, name: str) -> dict[str, Any]:
    """Return what `write_note` wrote; raises `RecipeError` where it is not there."""
    value: dict[str, Any] = json.loads(saved_file(folder, name).read_text(encoding="utf-8"))
    return value
