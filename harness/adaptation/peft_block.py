"""From a recipe's `peft` block to PEFT's own configuration object."""

from dataclasses import fields
from typing import Any

from peft import PEFT_TYPE_TO_CONFIG_MAPPING, PeftConfig, PeftType

from harness.errors import RecipeError
from harness.spec.records import Recipe


def peft_config(recipe: Recipe) -> PeftConfig:
    """Return the PEFT configuration that the block declares.

    Raises `RecipeError` for an unknown `peft_type`, for fields that the method does not have, and for what
    PEFT itself refuses.
    """
    block = {**(recipe.peft or {}), "inference_mode": False}
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


def is_prompt_learning(config: PeftConfig) -> bool:
    """Tell whether the method adds virtual tokens instead of adapting modules."""
    return bool(config.is_prompt_learning)


def _config_class(recipe: Recipe, block: dict[str, Any]) -> type[PeftConfig]:
    asked = block.get("peft_type")
    if asked not in PEFT_TYPE_TO_CONFIG_MAPPING:
        known = ", ".join(sorted(kind.value for kind in PeftType if kind in PEFT_TYPE_TO_CONFIG_MAPPING))
        raise RecipeError(f"{recipe.id}: peft.peft_type {asked!r} is unknown. PEFT has: {known}.")
    return PEFT_TYPE_TO_CONFIG_MAPPING[asked]
