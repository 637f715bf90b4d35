"""From a PEFT block's `target_modules` to the names of the modules it means in one model."""

import copy
import re
from collections.abc import Iterable, Iterator

from peft import PEFT_TYPE_TO_TUNER_MAPPING, PeftConfig, PeftType
from peft.tuners.tuners_utils import BaseTunerLayer, check_target_module_exists
from peft.utils import TRANSFORMERS_MODELS_TO_IA3_TARGET_MODULES_MAPPING
from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from harness.errors import RecipeError

ALL_LINEAR = "all-linear"


def targets(config: PeftConfig, model: PreTrainedModel) -> tuple[str, ...]:
    """Return the names of the modules of `model` that `config` adapts, in the model's order.

    A missing `target_modules` means PEFT's own default for the architecture. `exclude_modules`,
    `modules_to_save` and `layers_to_transform` are obeyed. Raises `RecipeError` when any asked-for name, or the
    whole expression, matches nothing: PEFT passes over unmatched names in silence.
    """
    asked = _asked(config, model)
    names = [name for name, _ in base_modules(model) if name]
    _refuse_unmatched(asked, names)
    exact = copy.copy(config)
    exact.target_modules = set(linear_modules(model)) if asked == ALL_LINEAR else asked
    matched = tuple(name for name in names if check_target_module_exists(exact, name))
    if not matched:
        raise _nothing_matches([asked] if isinstance(asked, str) else asked, names)
    return matched


def linear_modules(model: PreTrainedModel) -> list[str]:
    """Return the names of every linear module but the output head (what PEFT calls ``all-linear``)."""
    head = model.get_output_embeddings()
    linear = (nn.Linear, Conv1D)
    return [name for name, module in base_modules(model) if isinstance(module, linear) and module is not head]


def base_modules(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
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
        # IA3 alone keeps its defaults elsewhere.
        tuner = PEFT_TYPE_TO_TUNER_MAPPING[config.peft_type]
        ia3 = TRANSFORMERS_MODELS_TO_IA3_TARGET_MODULES_MAPPING if config.peft_type == PeftType.IA3 else {}
        defaults = getattr(tuner, "target_module_mapping", ia3)
        asked = defaults.get(model.config.model_type)
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
