"""From a PEFT block's `target_modules` to the names of the modules it means in one model, and from a model back."""

import copy
import re
from collections.abc import Iterable, Iterator

from peft import PeftConfig, PeftModel
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import nn
from transformers import PreTrainedModel

from harness._compat.peft import default_targets, is_target, own_name
from harness.errors import RecipeError
from harness.methods.peft.config import refuse_broken, refuse_idle
from harness.model.decoder import LINEAR, layer_names, layer_of

ALL_LINEAR = "all-linear"


def restrict(config: PeftConfig, model: PreTrainedModel, layers: tuple[int, ...] | None) -> tuple[str, ...]:
    """Point `config` at the chosen layers (None: at all it names) and return the modules it now means.

    The names are written out in full, since PEFT refuses `layers_to_transform` beside an expression and
    several methods have no such field. Raises `RecipeError` when nothing is left, and for what else the block says
    of modules that are not there.
    """
    refuse_broken(config)
    asked = targets(config, model)
    names = layer_names(model)
    refuse_idle(config, asked, [name for name, _ in _base_modules(model)], len(names))
    if layers is None:
        return asked
    inside = tuple(module for module in asked if layer_of(module, names) in layers)
    if not inside:
        raise RecipeError(f"peft.target_modules means no module inside the layers {list(layers)}.")
    config.target_modules = set(inside)
    if getattr(config, "feedforward_modules", None):
        config.feedforward_modules = set(feedforward(config, inside))
    return inside


def targets(config: PeftConfig, model: PreTrainedModel) -> tuple[str, ...]:
    """Return the names of the modules of `model` that `config` adapts, in the model's order.

    A missing `target_modules` means PEFT's own default for the architecture. `exclude_modules`,
    `modules_to_save` and `layers_to_transform` are obeyed. Raises `RecipeError` when any asked-for name, or the
    whole expression, matches nothing: PEFT passes over unmatched names in silence.
    """
    asked = _asked(config, model)
    names = [name for name, _ in _base_modules(model) if name]
    _refuse_unmatched(asked, names)
    exact = copy.copy(config)
    exact.target_modules = set(_linear_modules(model)) if asked == ALL_LINEAR else asked
    matched = tuple(name for name in names if is_target(exact, name))
    if not matched:
        raise _nothing_matches([asked] if isinstance(asked, str) else asked, names)
    return matched


def feedforward(config: PeftConfig, modules: tuple[str, ...]) -> list[str]:
    """Return those of `modules` that an IA3 configuration calls feed-forward (their input is scaled)."""
    asked = config.feedforward_modules or ()
    if isinstance(asked, str):
        return [name for name in modules if re.fullmatch(asked, name)]
    return [name for name in modules if any(f".{name}".endswith(f".{suffix}") for suffix in asked)]


def adapted_modules(wrapped: PeftModel) -> tuple[str, ...]:
    """Return the base model's names of the modules that hold the newest adapter; none for prompt learning."""
    if wrapped.active_peft_config.is_prompt_learning:
        return ()
    modules = wrapped.base_model.model.named_modules()
    held = (name for name, module in modules if isinstance(module, BaseTunerLayer) and _holds(module, wrapped))
    return tuple(dict.fromkeys(map(own_name, held)))


def _holds(module: BaseTunerLayer, wrapped: PeftModel) -> bool:
    return any(wrapped.active_adapter in getattr(module, part) for part in module.adapter_layer_names)


def _linear_modules(model: PreTrainedModel) -> list[str]:
    """Return the names of every linear module but the output head (what PEFT calls ``all-linear``)."""
    head = model.get_output_embeddings()
    return [name for name, module in _base_modules(model) if isinstance(module, LINEAR) and module is not head]


def _base_modules(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield the modules as they are without adapters: an adapted one under its own name, and nothing inside it."""
    adapted: tuple[str, ...] = ()
    for name, module in model.named_modules():
        if name.startswith(adapted):
            continue
        if isinstance(module, BaseTunerLayer):
            adapted = (*adapted, f"{name}.")
            yield name, module.get_base_layer()
        else:
            yield name, module


def _asked(config: PeftConfig, model: PreTrainedModel) -> str | set[str]:
    asked = config.target_modules
    if asked is None:
        asked = default_targets(config, model.config.model_type)
    if asked is None:
        raise RecipeError(
            f"peft.target_modules is absent and PEFT has no default for {model.config.model_type!r}. "
            f"Name the modules, or write {ALL_LINEAR!r}."
        )
    if isinstance(asked, str):
        return ALL_LINEAR if asked.lower() == ALL_LINEAR else asked
    return set(asked)


def _refuse_unmatched(asked: str | set[str], names: list[str]) -> None:
    if isinstance(asked, str):
        return
    unmatched = sorted(want for want in asked if not any(f".{name}".endswith(f".{want}") for name in names))
    if unmatched:
        raise _nothing_matches(unmatched, names)


def _nothing_matches(asked: Iterable[str], names: list[str]) -> RecipeError:
    kinds = dict.fromkeys(re.sub(r"\d+", "N", name) for name in names)
    return RecipeError(
        f"peft.target_modules {sorted(asked)} match nothing in this model. Its modules are: {', '.join(kinds)}."
    )
