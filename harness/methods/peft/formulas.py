"""How many parameters a PEFT adapter trains, by its kind's own formula."""

from collections.abc import Callable, Iterator
from typing import Any

from peft import PeftConfig

from harness.methods._base import Adapted, base_of
from harness.methods.peft.targets import feedforward
from harness.model.decoder import cached_heads

Shape = tuple[str, int, int]
"""A module's name, input and output features."""


def expected_parameters(adapted: Adapted) -> int | None:
    """Return the number of trainable parameters, None for a kind or for options that have no formula here."""
    config = adapted.model.active_peft_config
    if getattr(config, "modules_to_save", None) or getattr(config, "bias", "none") != "none":
        return None
    formula = _FORMULAS.get(config.peft_type.value)
    return None if formula is None else formula(adapted, config)


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
    heads = cached_heads(base_of(adapted.model))
    head = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    return int(config.num_virtual_tokens * text.num_hidden_layers * 2 * heads * head)


def _shapes(adapted: Adapted) -> Iterator[tuple[Any, Shape]]:
    base = base_of(adapted.model)
    for name in adapted.modules:
        module = base.get_submodule(name)
        yield module, (name, getattr(module, "in_features", 0), getattr(module, "out_features", 0))


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
