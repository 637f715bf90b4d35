"""Recipes that start from an adapter which exists: whether it is such a one as the recipe trains, and made trainable.

What a recipe `continue`s has layers, modules, rank and scaling already. The recipe says them too, so that what trains
is what is declared: both are held to each other, by names and shapes of weights and by PEFT's configurations.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from peft import PeftConfig, get_peft_model_state_dict
from transformers import PreTrainedModel, set_seed

from harness.methods._base import Adapted
from harness.methods.dry_run import matched, on_shapes
from harness.methods.layers.choose import strategy
from harness.methods.peft.callbacks import callbacks
from harness.methods.peft.existing import adapter_config, compared, load_existing, shapes
from harness.methods.peft.store import WEIGHTS
from harness.methods.peft.targets import adapted_modules
from harness.methods.traits import VIRTUAL_TOKENS
from harness.model.precision import keep_masters
from harness.spec.records import Recipe

_RANKS_GONE = "ADALORA"
_NO_PART_OF_IT = frozenset(
    {"task_type", "auto_mapping", "peft_version", "base_model_name_or_path", "revision", "inference_mode"}
    | {"eva_config", "corda_config", "lora_ga_config", "loftq_config", "runtime_config"}
    | {"target_modules", "exclude_modules", "layers_to_transform", "layers_pattern", "feedforward_modules"}
)
"""Fields of a configuration that say how an adapter began or where it lies, or whose effect its weights' names show."""
_REMEDY = 'Say in the recipe what the adapter was trained with (`extends` that recipe), or "then": "merge".'


def declared(recipe: Recipe) -> Iterator[str]:
    """Yield why a recipe cannot start from any adapter as it says, from what is declared alone."""
    if recipe.merges_first and recipe.quantization is not None:
        yield (
            "`start` merges an adapter into quantized weights, which would round its update off. "
            'Use "then": "continue", or a recipe without `quantization`.'
        )
    if not recipe.continues:
        return
    block = recipe.peft or {}
    kind = block.get("peft_type")
    if not block:
        yield f"`start` continues a PEFT adapter, and the recipe has no `peft` block. {_REMEDY}"
    elif kind in VIRTUAL_TOKENS:
        yield f"PEFT loads the virtual tokens of {kind} for inference alone: they cannot be continued. Start over."
    elif kind == _RANKS_GONE:
        yield f"{kind} has pruned its ranks, and its schedule is over: it cannot be continued. Merge it, or start over."
    if isinstance(block.get("init_lora_weights"), str):
        how = block["init_lora_weights"]
        yield f"peft.init_lora_weights {how!r} says how an adapter begins, and this one goes on. Leave it out."
    if strategy(recipe.layers.strategy).reads_data:
        yield (
            f"the layer strategy {recipe.layers.strategy!r} looks for layers, and the adapter that is continued has "
            'its own. List them: {"strategy": "list", "indices": […]}.'
        )


@dataclass(frozen=True, slots=True)
class Shape:
    """What a recipe's adapter is on a model: PEFT's configuration, and the shapes of its weights by name."""

    config: PeftConfig
    weights: Mapping[str, tuple[int, ...]]


def shape_of(recipe: Recipe, config: Mapping[str, Any], *, seed: int) -> Shape:
    """Return the shape of the recipe's adapter on the model of `config`; raises `RecipeError` as `on_shapes` does."""
    made = on_shapes(matched(recipe, config), config, seed=seed, beside=()).model
    weights = get_peft_model_state_dict(made, save_embedding_layers=False)
    return Shape(made.peft_config[made.active_adapter], {name: tuple(each.shape) for name, each in weights.items()})


def misfits(recipe: Recipe, folder: Path, shape: Callable[[], Shape]) -> Iterator[str]:
    """Yield why the adapter in a folder cannot be what the recipe starts from; its own `shape` is asked for if needed.

    That it is an adapter of this model is known. Raises `RecipeError` for what cannot be read or applied.
    """
    theirs = adapter_config(folder)
    if recipe.continues:
        yield from _of_another_recipe(theirs, folder, shape())
    elif theirs.is_prompt_learning:
        yield f"{theirs.peft_type.value} changes no weight: there is nothing to merge. Start over from the base."


def continued(model: PreTrainedModel, recipe: Recipe, folder: Path, *, seed: int) -> Adapted:
    """Put the adapter in a folder onto a fresh base, ready to train on; nothing is drawn for it.

    Dropout follows the seed. Raises `RecipeError` where the adapter is none of that base.
    """
    fitted = matched(recipe, model.config.to_dict())
    set_seed(seed)
    wrapped = load_existing(model, folder, trainable=True)
    keep_masters(wrapped)
    return Adapted.of(wrapped, fitted, adapted_modules(wrapped), callbacks=callbacks(wrapped, fitted))


def _of_another_recipe(theirs: PeftConfig, folder: Path, shape: Shape) -> Iterator[str]:
    ours = shape.config
    if theirs.peft_type != ours.peft_type:
        yield f"it is a {theirs.peft_type.value} adapter, and the recipe trains {ours.peft_type.value}. {_REMEDY}"
        return
    fields = "; ".join(_other_fields(theirs, ours))
    if fields:
        yield f"it was trained otherwise than the recipe says: {fields}. {_REMEDY}"
        return
    other = "; ".join(compared(shapes(folder / WEIGHTS), shape.weights, also={}))
    if other:
        yield f"beside this model as the recipe adapts it, it has {other}. {_REMEDY}"


def _other_fields(theirs: PeftConfig, ours: PeftConfig) -> Iterator[str]:
    there, here = theirs.to_dict(), ours.to_dict()
    for name in sorted(here):
        if name in _NO_PART_OF_IT or name.startswith("init_"):
            continue
        if _plain(there.get(name)) != _plain(here[name]):
            yield f"{name} is {_plain(there.get(name))!r:.60} there and {_plain(here[name])!r:.60} in the recipe"


def _plain(value: Any) -> Any:
    """Return a value of a configuration so that equal ones compare so: an empty one says nothing."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, set | frozenset | tuple | list):
        value = sorted(map(str, value))
    return value or None
