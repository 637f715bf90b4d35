"""From a recipe's `peft` block to PEFT's own configuration object, and what that object must not say.

PEFT passes over a pattern, an exclusion or a module to save that matches nothing, and what was asked for is not done.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields
from typing import Any

from peft import PEFT_TYPE_TO_CONFIG_MAPPING, PeftConfig, PeftType
from transformers import PreTrainedModel

from harness._compat.peft import matching_pattern
from harness.errors import RecipeError
from harness.model.decoder import cached_heads
from harness.spec.records import Recipe

_PATTERNS = ("rank_pattern", "alpha_pattern")
_EXPRESSIONS = ("target_modules", "exclude_modules", "feedforward_modules")


def peft_config(recipe: Recipe) -> PeftConfig:
    """Return the PEFT configuration that the block declares.

    Raises `RecipeError` for an unknown `peft_type`, for fields that the method does not have, and for what
    PEFT itself refuses.
    """
    # The base is the experiment's, whatever a config that was copied says; PEFT takes its name from the model.
    block = {**(recipe.peft or {}), "inference_mode": False, "base_model_name_or_path": None}
    config_class = _config_class(recipe, block)
    known = {field.name for field in fields(config_class) if field.init}
    unknown = sorted(set(block) - known)
    if unknown:
        raise RecipeError(
            f"{recipe.id}: PEFT's {config_class.__name__} has no fields {unknown}. It has: {', '.join(sorted(known))}."
        )
    if block.get("prompt_tuning_init") == "TEXT":
        block.setdefault("tokenizer_name_or_path", "the base model's")  # put in its place while PEFT wraps
    try:
        return config_class(**{"task_type": "CAUSAL_LM", **block})
    except (TypeError, ValueError) as error:
        raise RecipeError(f"{recipe.id}: PEFT refuses the peft block: {error}") from error


def with_heads(config: PeftConfig, model: PreTrainedModel) -> None:
    """Write into the configuration of virtual tokens how many heads the model has, of a prefix those of its cache.

    PEFT reads the configuration's file, in which MPT and Falcon have names of their own for them.
    """
    text = model.config.get_text_config()
    if config.num_attention_heads is None:
        config.num_attention_heads = getattr(text, "num_attention_heads", None)
    if config.peft_type == PeftType.PREFIX_TUNING and not hasattr(text, "num_key_value_heads"):
        config.token_dim = text.hidden_size // text.num_attention_heads * cached_heads(model)
        config.num_attention_heads = cached_heads(model)


def refuse_broken(config: PeftConfig) -> None:
    """Raise `RecipeError` for what should be a regular expression and is not."""
    for field, expression in _expressions(config):
        try:
            re.compile(expression)
        except re.error as error:
            raise RecipeError(f"peft.{field}: {expression!r} is not a regular expression: {error}.") from error


def refuse_absent_layers(config: PeftConfig, depth: int) -> None:
    """Raise `RecipeError` for layers that a model of `depth` layers does not have."""
    asked = getattr(config, "layers_to_transform", None)
    absent = [layer for layer in ([asked] if isinstance(asked, int) else asked or ()) if not 0 <= layer < depth]
    if absent:
        raise RecipeError(
            f"peft.layers_to_transform {absent} do not exist: the model has {depth} layers, 0 to {depth - 1}."
        )


def refuse_idle(config: PeftConfig, adapted: Sequence[str], names: Sequence[str]) -> None:
    """Raise `RecipeError` for what the block says of modules that are not there.

    `adapted` are the modules and parameters that the block targets, `names` the modules of the whole model.
    """
    for field in _PATTERNS:
        _refuse(field, [key for key in _value(config, field) if not _any_match(key, adapted)], adapted)
    for field in ("exclude_modules", "modules_to_save"):
        _refuse(field, list(_unmatched(_value(config, field), names)), names)


def declared_rank(config: PeftConfig, module: str) -> int:
    """Return the rank that a LoRA-like block gives to a module, as PEFT reads its `rank_pattern`."""
    if config.peft_type == PeftType.ADALORA:
        return int(config.init_r)
    patterns = _value(config, "rank_pattern")
    return int(patterns.get(matching_pattern(list(patterns), module), config.r))


def _config_class(recipe: Recipe, block: dict[str, Any]) -> type[PeftConfig]:
    asked = block.get("peft_type")
    if asked not in PEFT_TYPE_TO_CONFIG_MAPPING:
        known = ", ".join(sorted(kind.value for kind in PeftType if kind in PEFT_TYPE_TO_CONFIG_MAPPING))
        raise RecipeError(f"{recipe.id}: peft.peft_type {asked!r} is unknown. PEFT has: {known}.")
    return PEFT_TYPE_TO_CONFIG_MAPPING[asked]


def _expressions(config: PeftConfig) -> Iterator[tuple[str, str]]:
    for field in _EXPRESSIONS:
        if isinstance(getattr(config, field, None), str):
            yield field, getattr(config, field)
    for field in _PATTERNS:
        for key in _value(config, field):
            yield field, key


def _value(config: PeftConfig, field: str) -> Any:
    return getattr(config, field, None) or {}


def _any_match(key: str, names: Sequence[str]) -> bool:
    return any(matching_pattern([key], name) == key for name in names)


def _unmatched(asked: str | Collection[str], names: Sequence[str]) -> Iterator[str]:
    if isinstance(asked, str):
        if not any(re.fullmatch(asked, name) for name in names):
            yield asked
        return
    yield from (want for want in sorted(asked) if not any(f".{name}".endswith(f".{want}") for name in names))


def _refuse(field: str, idle: Sequence[str], names: Sequence[str]) -> None:
    if idle:
        last = dict.fromkeys(name.rpartition(".")[2] for name in names if name)
        known = ", ".join(name for name in last if not name.isdigit())
        raise RecipeError(f"peft.{field} {list(idle)} match no module. There are: {known}.")
