"""From a PEFT block's `target_modules` to the names of the modules it means in one model, and from a model back."""

import copy
import re
from collections.abc import Collection

from peft import PeftConfig, PeftModel
from peft.tuners.tuners_utils import BaseTunerLayer
from transformers import PreTrainedModel

from harness._compat.peft import default_targets, is_target, own_name, with_names_of_now
from harness.errors import RecipeError
from harness.methods.peft.config import refuse_absent_layers, refuse_broken, refuse_idle
from harness.methods.peft.culprit import nothing_left, refuse_unmatched
from harness.methods.peft.modules import base_modules, linear_modules
from harness.model.decoder import layer_names, layer_of

ALL_LINEAR = "all-linear"


def restrict(
    config: PeftConfig, model: PreTrainedModel, layers: tuple[int, ...] | None, *, by_role: bool = False
) -> tuple[str, ...]:
    """Point `config` at the chosen layers (None: at all it names) and return the modules it now means.

    Names that transformers 4 had for experts mean the parameters of now, but `by_role`, which says them as they are.

    The names are written out in full, since PEFT refuses `layers_to_transform` beside an expression and
    several methods have no such field. Raises `RecipeError` when nothing is left, and for what else the block says
    of modules that are not there.
    """
    refuse_broken(config)
    refuse_absent_layers(config, len(layer_names(model)))
    linear = _reached(config, linear_modules(model), model) if _asked(config, model) == ALL_LINEAR else ()
    if not by_role:
        with_names_of_now(config, model)
    found, parameters = targets(config, model), _parameters(config, model)
    asked = tuple(dict.fromkeys((*linear, *found)))
    refuse_idle(config, [*asked, *parameters], [name for name, _ in base_modules(model)])
    owners = tuple(dict.fromkeys(name.rpartition(".")[0] for name in parameters))
    if layers is None:
        return (*asked, *owners)
    names = layer_names(model)
    inside = tuple(module for module in asked if layer_of(module, names) in layers)
    if parameters:
        config.target_parameters = [name for name in parameters if layer_of(name, names) in layers]
        owners = tuple(name for name in owners if layer_of(name, names) in layers)
    if not (inside or owners):
        raise RecipeError(f"peft.target_modules means no module inside the layers {list(layers)}.")
    config.target_modules = set(inside)
    if getattr(config, "feedforward_modules", None):
        config.feedforward_modules = set(feedforward(config, inside))
    return (*inside, *owners)


def targets(config: PeftConfig, model: PreTrainedModel) -> tuple[str, ...]:
    """Return the names of the modules of `model` that `config` adapts, in the model's order.

    A missing `target_modules` means PEFT's own default for the architecture. `exclude_modules`,
    `modules_to_save` and `layers_to_transform` are obeyed. An empty list means none where `target_parameters` says
    what is adapted instead. Raises `RecipeError` when any asked-for name, or the whole expression, matches nothing:
    PEFT passes over unmatched names in silence.
    """
    asked = _asked(config, model)
    if not asked and getattr(config, "target_parameters", None):
        return ()
    names = [name for name, _ in base_modules(model) if name]
    refuse_unmatched(asked, names, by_default=config.target_modules is None)
    meant = linear_modules(model) if asked == ALL_LINEAR else asked
    matched = _reached(config, meant, model)
    if not matched:
        raise nothing_left(_pointed(config, meant), asked, names)
    return matched


def _reached(config: PeftConfig, meant: str | Collection[str], model: PreTrainedModel) -> tuple[str, ...]:
    """Return the modules that PEFT adapts where `target_modules` are those, in the model's order."""
    exact = _pointed(config, meant)
    return tuple(name for name, _ in base_modules(model) if name and is_target(exact, name))


def _pointed(config: PeftConfig, meant: str | Collection[str]) -> PeftConfig:
    exact = copy.copy(config)
    exact.target_modules = meant if isinstance(meant, str) else set(meant)
    return exact


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


def _parameters(config: PeftConfig, model: PreTrainedModel) -> tuple[str, ...]:
    """Return the names of the parameters that `target_parameters` means; raises `RecipeError` for one that is none."""
    asked = sorted(getattr(config, "target_parameters", None) or ())
    if not asked:
        return ()
    names = [
        f"{module}.{name}" for module, each in base_modules(model) for name, _ in each.named_parameters(recurse=False)
    ]
    for want in asked:
        if not any(f".{name}".endswith(f".{want}") for name in names):
            kinds = dict.fromkeys(re.sub(r"\d+", "N", name) for name in names)
            raise RecipeError(f"peft.target_parameters {want!r} matches no parameter. There are: {', '.join(kinds)}.")
    return tuple(name for name in names if any(f".{name}".endswith(f".{want}") for want in asked))


def _asked(config: PeftConfig, model: PreTrainedModel) -> str | set[str]:
    asked = config.target_modules
    if asked is None:
        asked = default_targets(config, model)
    if asked is None:
        raise RecipeError(
            f"peft.target_modules is absent and PEFT has no default for {model.config.model_type!r}. "
            f'Name the modules, write {ALL_LINEAR!r}, or use `modules` ("attention", "mlp", …).'
        )
    if isinstance(asked, str):
        return ALL_LINEAR if asked.lower() == ALL_LINEAR else asked
    return set(asked)
