"""Any PEFT method: wrap the model, restricted to the chosen layers, and see that it did what was asked."""

import re

from peft import PeftConfig, PeftModel, get_peft_model
from peft.tuners.tuners_utils import BaseTunerLayer
from transformers import PreTrainedModel

from harness.adaptation.modules import base_modules, targets
from harness.adaptation.patterns import refuse_broken, refuse_idle
from harness.adaptation.stack import NEWEST, base_of, beside
from harness.errors import RecipeError
from harness.model.decoder import layer_names, layer_of


def restrict(config: PeftConfig, model: PreTrainedModel, layers: tuple[int, ...] | None) -> tuple[str, ...]:
    """Point `config` at the chosen layers (None: at all it names) and return the modules it now means.

    The names are written out in full, since PEFT refuses `layers_to_transform` beside an expression and
    several methods have no such field. Raises `RecipeError` when nothing is left, and for what else the block says
    of modules that are not there.
    """
    refuse_broken(config)
    asked = targets(config, model)
    names = layer_names(model)
    refuse_idle(config, asked, [name for name, _ in base_modules(model)], len(names))
    if layers is None:
        return asked
    inside = tuple(module for module in asked if layer_of(module, names) in layers)
    if not inside:
        raise RecipeError(f"peft.target_modules means no module inside the layers {list(layers)}.")
    config.target_modules = set(inside)
    if getattr(config, "feedforward_modules", None):
        config.feedforward_modules = set(feedforward(config, inside))
    return inside


def wrap(
    model: PreTrainedModel | PeftModel, config: PeftConfig, asked: tuple[str, ...], name: str = NEWEST
) -> PeftModel:
    """Return the wrapped model, its adapter called `name`; beside the adapters that `model` keeps, if it has any.

    Raises `RecipeError` when PEFT refuses, or when it left out an asked-for module.
    """
    try:
        if isinstance(model, PeftModel):
            wrapped = beside(model, config, name)
        else:
            wrapped = get_peft_model(model, config, adapter_name=name)
    except (ValueError, TypeError, NotImplementedError) as error:
        kind = type(base_of(model)).__name__
        raise RecipeError(f"PEFT cannot apply {config.peft_type.value} to {kind}: {error}") from error
    left_out = sorted(set(asked) - set(adapted_modules(wrapped)))
    if left_out:
        raise RecipeError(f"{config.peft_type.value} left these modules unadapted: {left_out}.")
    return wrapped


def adapted_modules(wrapped: PeftModel) -> tuple[str, ...]:
    """Return the base model's names of the modules that hold the newest adapter; none for prompt learning."""
    if wrapped.active_peft_config.is_prompt_learning:
        return ()
    modules = wrapped.base_model.model.named_modules()
    held = (name for name, module in modules if isinstance(module, BaseTunerLayer) and _holds(module, wrapped))
    return tuple(dict.fromkeys(map(_own_name, held)))


def _own_name(name: str) -> str:
    """Return a module's name in the base model: PEFT wraps experts and token embeddings more than once."""
    return re.sub(r"\.(base_layer|token_adapter)(?=\.|$)", "", name)


def _holds(module: BaseTunerLayer, wrapped: PeftModel) -> bool:
    return any(wrapped.active_adapter in getattr(module, part) for part in module.adapter_layer_names)


def feedforward(config: PeftConfig, modules: tuple[str, ...]) -> list[str]:
    """Return those of `modules` that an IA3 configuration calls feed-forward (their input is scaled)."""
    asked = config.feedforward_modules or ()
    if isinstance(asked, str):
        return [name for name in modules if re.fullmatch(asked, name)]
    return [name for name in modules if any(f".{name}".endswith(f".{suffix}") for suffix in asked)]
