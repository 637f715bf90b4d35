"""Whether every module that should be adapted trains, and as many parameters as the shapes say."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from peft import PeftConfig, PeftModel
from torch import nn

from harness.adaptation.adapted import Adapted
from harness.adaptation.bottleneck import width
from harness.adaptation.initialise import starts_from_data
from harness.adaptation.outline import outline
from harness.adaptation.peft_method import feedforward
from harness.diagnostics._base import Diagnostic, Subject
from harness.records import Measurement
from harness.spec.records import Layers

Shape = tuple[str, int, int]
"""A module's name, input and output features."""


class ModulesAdapted(Diagnostic):
    """Every module of the recipe holds a weight that trains."""

    name = "modules_adapted"

    def after(self, subject: Subject) -> Measurement:
        """Look at each module."""
        return modules_adapted(subject.adapted)


class TrainableAsExpected(Diagnostic):
    """As many parameters train as the method's formula, or the same recipe on bare shapes, says."""

    name = "trainable_as_expected"

    def after(self, subject: Subject) -> Measurement:
        """Count."""
        return trainable_as_expected(subject.adapted)


def modules_adapted(adapted: Adapted) -> Measurement:
    """See that each of the recipe's modules holds a weight that trains; nothing to see for virtual tokens."""
    if not adapted.modules:
        return Measurement(name="modules_adapted", passed=None)
    find = _finder(adapted.model)
    idle = [name for name in adapted.modules if not any(w.requires_grad for w in find(name).parameters())]
    return Measurement(
        name="modules_adapted", passed=not idle, details={"adapted": len(adapted.modules) - len(idle), "idle": idle}
    )


def _finder(model: nn.Module) -> Callable[[str], nn.Module]:
    base: nn.Module = model.get_base_model() if isinstance(model, PeftModel) else model
    return base.get_submodule


def trainable_as_expected(adapted: Adapted) -> Measurement:
    """Compare the count with the method's formula or, without one here, with the same recipe on bare shapes.

    Does not apply where data spread the ranks and there is no formula.
    """
    expected, by = expected_trainable(adapted), "formula"
    if expected is None:
        expected, by = _on_shapes(adapted), "shapes"
    details = {"counted": adapted.trainable, "expected": expected, "by": by}
    passed = None if expected is None else expected == adapted.trainable
    return Measurement(name="trainable_as_expected", passed=passed, details=details)


def expected_trainable(adapted: Adapted) -> int | None:
    """Return the number of trainable parameters by the method's formula, None where none is known here."""
    if isinstance(adapted.model, PeftModel):
        config = adapted.model.active_peft_config
        if getattr(config, "modules_to_save", None) or getattr(config, "bias", "none") != "none":
            return None
        formula = _FORMULAS.get(config.peft_type.value)
        return None if formula is None else formula(adapted, config)
    if adapted.recipe.bottleneck is not None:
        hidden = adapted.model.config.get_text_config().hidden_size
        inner = width(hidden, adapted.recipe.bottleneck)
        return len(adapted.modules) * (2 * hidden * inner + hidden + inner)
    owners = (adapted.model.get_submodule(name) for name in adapted.modules)
    return sum(weight.numel() for owner in owners for weight in owner.parameters(recurse=False))


def _on_shapes(adapted: Adapted) -> int | None:
    recipe = adapted.recipe
    if starts_from_data(recipe):
        return None
    if recipe.layers.strategy != "all":
        recipe = replace(recipe, layers=Layers(strategy="list", indices=adapted.layers))
    return outline(recipe, adapted.model.config.to_dict()).trainable


def _shapes(adapted: Adapted) -> Iterable[tuple[Any, Shape]]:
    base = adapted.model.get_base_model()
    for name in adapted.modules:
        module = base.get_submodule(name)
        yield module, (name, getattr(module, "in_features", 0), getattr(module, "out_features", 0))


def _lora(adapted: Adapted, config: PeftConfig) -> int | None:
    if config.lora_bias or config.target_parameters or config.trainable_token_indices:
        return None
    active = adapted.model.active_adapter
    magnitudes = 1 if config.use_dora else 0
    return sum(
        module.r[active] * (inputs + outputs) + magnitudes * outputs
        for module, (_, inputs, outputs) in _shapes(adapted)
    )


def _adalora(adapted: Adapted, config: PeftConfig) -> int:
    return sum(config.init_r * (inputs + outputs + 1) for _, (_, inputs, outputs) in _shapes(adapted))


def _ia3(adapted: Adapted, config: PeftConfig) -> int:
    inner = set(feedforward(config, adapted.modules))
    return sum(inputs if name in inner else outputs for _, (name, inputs, outputs) in _shapes(adapted))


def _vera(adapted: Adapted, config: PeftConfig) -> int:
    return sum(config.r + outputs for _, (_, _, outputs) in _shapes(adapted))


def _loha(adapted: Adapted, config: PeftConfig) -> int | None:
    if config.rank_pattern:
        return None
    return sum(2 * config.r * (inputs + outputs) for _, (_, inputs, outputs) in _shapes(adapted))


def _layer_norms(adapted: Adapted, config: PeftConfig) -> int:
    del config
    return sum(w.numel() for module, _ in _shapes(adapted) for w in module.base_layer.parameters())


def _prompt(adapted: Adapted, config: PeftConfig) -> int:
    return int(config.num_virtual_tokens * adapted.model.config.get_text_config().hidden_size)


def _prefix(adapted: Adapted, config: PeftConfig) -> int | None:
    if config.prefix_projection:
        return None
    text = adapted.model.config.get_text_config()
    heads = getattr(text, "num_key_value_heads", None) or text.num_attention_heads
    head = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    return int(config.num_virtual_tokens * text.num_hidden_layers * 2 * heads * head)


_FORMULAS: dict[str, Callable[[Adapted, PeftConfig], int | None]] = {
    "LORA": _lora,
    "ADALORA": _adalora,
    "IA3": _ia3,
    "VERA": _vera,
    "LOHA": _loha,
    "LN_TUNING": _layer_norms,
    "PROMPT_TUNING": _prompt,
    "PREFIX_TUNING": _prefix,
}
