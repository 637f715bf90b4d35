"""A model as its configuration describes it: weights that have a shape and no values, nothing downloaded."""

import difflib
from collections.abc import Mapping
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from transformers import CONFIG_MAPPING, AutoConfig, AutoModelForCausalLM, PretrainedConfig, PreTrainedModel

from harness.errors import RecipeError

_UNFIT = (KeyError, ValueError, TypeError, AttributeError, ArithmeticError, RuntimeError, StrictDataclassError)
"""What a configuration whose values do not fit together raises, depending on the architecture."""


def empty_model(config: Mapping[str, Any]) -> PreTrainedModel:
    """Return the model of `config` (transformers' ``config.json``) on the meta device.

    Raises `RecipeError` for a configuration that transformers does not know.
    """
    known = known_config(config)
    try:
        with torch.device("meta"):
            return AutoModelForCausalLM.from_config(known)
    except _UNFIT as error:
        raise _cannot_build(str(error)) from error


def known_config(config: Mapping[str, Any]) -> PretrainedConfig:
    """Return transformers' own object for a ``config.json``, which answers to one name for each size.

    Raises `RecipeError` for a configuration that transformers does not know.
    """
    kind = config.get("model_type")
    if kind not in CONFIG_MAPPING:
        near = difflib.get_close_matches(str(kind), CONFIG_MAPPING.keys(), n=3)
        raise _cannot_build(f"model_type {kind!r} is unknown. The nearest are: {', '.join(near) or 'none'}.")
    rest = {key: value for key, value in config.items() if key not in ("model_type", "quantization_config")}
    try:
        return AutoConfig.for_model(kind, **rest)
    except _UNFIT as error:
        raise _cannot_build(str(error)) from error


def hidden_size(config: Mapping[str, Any]) -> int:
    """Return the width of the model of `config`, whatever its architecture calls it."""
    return int(known_config(config).get_text_config().hidden_size)


def vocabulary_size(config: Mapping[str, Any]) -> int:
    """Return how many tokens the model of `config` tells apart, places that no token uses included."""
    return int(known_config(config).get_text_config().vocab_size)


def _cannot_build(reason: str) -> RecipeError:
    return RecipeError(f"transformers cannot build a model from this configuration: {reason}")
