"""What has to be taken from inside PEFT, whose public interface does not tell or do it."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from peft import PEFT_TYPE_TO_TUNER_MAPPING, PeftConfig, PeftModel, PeftType
from peft.tuners.lora.eva import prepare_model_inputs_fn_language_modeling
from peft.tuners.tuners_utils import check_target_module_exists
from peft.utils import TRANSFORMERS_MODELS_TO_IA3_TARGET_MODULES_MAPPING
from peft.utils.other import get_pattern_key
from peft.utils.transformers_weight_conversion import convert_peft_config_for_transformers
from transformers import PreTrainedModel

from harness.errors import RecipeError


def default_targets(config: PeftConfig, model: PreTrainedModel) -> Any:
    """Return PEFT's own `target_modules` of a method for a model's architecture, None where it has none.

    Trained tokens are in the embeddings, of any architecture. Delete when upstream tells a method's targets before
    it wraps a model.
    """
    if config.peft_type == PeftType.TRAINABLE_TOKENS:
        embeddings = model.get_input_embeddings()
        return [own_name(name) for name, module in model.named_modules() if module is embeddings][:1]
    model_type = model.config.model_type
    tuner = PEFT_TYPE_TO_TUNER_MAPPING[config.peft_type]
    ia3 = TRANSFORMERS_MODELS_TO_IA3_TARGET_MODULES_MAPPING if config.peft_type == PeftType.IA3 else {}
    return getattr(tuner, "target_module_mapping", ia3).get(model_type)


def lora_targets(model_type: str) -> tuple[str, ...]:
    """Return the names of the modules that PEFT's LoRA adapts by default in an architecture, none where it has none.

    Delete when upstream tells for each architecture which matrix holds queries, keys and values.
    """
    names = PEFT_TYPE_TO_TUNER_MAPPING[PeftType.LORA].target_module_mapping.get(model_type, ())
    return () if isinstance(names, str) else tuple(names)


def is_target(config: PeftConfig, module: str) -> bool:
    """Tell whether PEFT adapts the module of this name.

    Delete when upstream raises for each asked-for module that it does not adapt.
    """
    return bool(check_target_module_exists(config, module))


def matching_pattern(patterns: Sequence[str], module: str) -> str:
    """Return the key of a `rank_pattern` that PEFT applies to a module; the module's own name where none does.

    Delete when upstream raises for a pattern that matches nothing.
    """
    return str(get_pattern_key(patterns, module))


def with_names_of_now(config: PeftConfig, model: PreTrainedModel) -> None:
    """Put in place of the names that transformers 4 had for the experts of a mixture those of the parameters of now.

    Raises `RecipeError` for a part of what is fused now. Delete when upstream does so before it wraps a model.
    """
    try:
        convert_peft_config_for_transformers(config, model=model, conversions=None)
    except ValueError as error:
        raise RecipeError(f"peft.target_modules: {error}") from error


def own_name(name: str) -> str:
    """Return a module's name in the base model: PEFT wraps experts and token embeddings more than once.

    Delete when upstream lists the base model's names of the adapted modules.
    """
    return re.sub(r"\.(base_layer|token_adapter)(?=\.|$)", "", name)


def work_together(wrapped: PeftModel) -> None:
    """Let every adapter of the model take part, and the one added last alone train.

    Delete when upstream's `PeftModel.set_adapter` takes several names.
    """
    *earlier, last = wrapped.peft_config
    wrapped.set_adapter(last)  # what PEFT calls the current one
    wrapped.base_model.set_adapter([*earlier, last])
    wrapped.set_requires_grad(earlier, requires_grad=False)


def freeze_counts(wrapped: PeftModel) -> None:
    """Let the ranks that AdaLoRA divides by stay what they are.

    Where PEFT moves them to another device or dtype they become weights that train. Delete when upstream keeps them
    frozen there.
    """
    for name, weight in wrapped.named_parameters():
        if ".ranknum." in name:
            weight.requires_grad_(requires_grad=False)


def train_prompt(wrapped: PeftModel) -> None:
    """Let virtual tokens that were loaded train on.

    Delete when upstream loads them with `is_trainable=True`.
    """
    wrapped.prompt_encoder.requires_grad_(requires_grad=True)


@contextmanager
def in_place_of_its_config(wrapped: PeftModel, config: PeftConfig) -> Iterator[None]:
    """Let the newest adapter be saved with another configuration than it lives with.

    Delete when upstream's `save_pretrained` writes an initialisation that is over as such.
    """
    live = wrapped.peft_config[wrapped.active_adapter]
    wrapped.peft_config[wrapped.active_adapter] = config
    try:
        yield
    finally:
        wrapped.peft_config[wrapped.active_adapter] = live


def tokens_for_eva(batch: dict[str, Any], config: PeftConfig) -> int:
    """Return how many tokens of a batch EVA takes its directions from.

    Delete when upstream stops at batches that are too short, over which it goes for ever.
    """
    return len(prepare_model_inputs_fn_language_modeling(batch, config))
