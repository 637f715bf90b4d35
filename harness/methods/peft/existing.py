"""Adapters that were trained elsewhere: whether one is an adapter of this base, and onto it.

PEFT passes over weights that it has no place for and over those that an adapter lacks, and scores what is left: so the
file's names and shapes are held to those of the same adapter made on the base's shapes alone.
"""

import copy
import json
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from peft import PEFT_TYPE_TO_CONFIG_MAPPING, PeftConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from safetensors import SafetensorError, safe_open
from transformers import PreTrainedModel

from harness._compat.peft import freeze_counts, own_name
from harness.errors import RecipeError
from harness.methods.peft.config import refuse_broken, with_heads
from harness.methods.peft.initialisation import rewrites_base
from harness.methods.peft.store import CONFIG, WEIGHTS, merged
from harness.model.shapes import empty_model
from harness.paths import read_regular

_PREFIX = "base_model.model."
_SHOWN = 3
_PROMPT_SIZES = ("num_layers", "token_dim", "num_attention_heads")
"""What PEFT takes from the base where a configuration of virtual tokens does not say it."""
_LARGEST = 16 << 20
_BRINGS = ("megatron_config", "adapters", "shadow_model")
"""Fields with which PEFT imports a module by its name, or fetches further models (LoRA, X-LoRA, Shadow)."""


def adapter_config(folder: Path) -> PeftConfig:
    """Return the configuration of the adapter in a folder, ready to load onto a base: nothing of it starts anew.

    Raises `RecipeError` for one that PEFT does not know, that says what this PEFT cannot do, or that changed the
    weights of the base it was trained on.
    """
    said = _said(folder)
    kind = said.get("peft_type")
    if not isinstance(kind, str) or kind not in PEFT_TYPE_TO_CONFIG_MAPPING:
        raise RecipeError(f"{folder / CONFIG}: PEFT has no method {kind!r}.")
    if said.get("task_type") not in (None, "CAUSAL_LM"):
        raise RecipeError(f"{folder / CONFIG}: its task_type is {said['task_type']!r}; what is scored is CAUSAL_LM.")
    brings = [name for name in _BRINGS if said.get(name)]
    if brings:
        raise RecipeError(
            f"{folder / CONFIG} has PEFT import or fetch something else ({', '.join(brings)}), which is not done for a "
            "stranger's file. Save the adapter without it."
        )
    config_class = PEFT_TYPE_TO_CONFIG_MAPPING[kind]
    known = config_class.__dataclass_fields__
    unknown = sorted(name for name, value in said.items() if name not in known and value not in (None, False, {}, []))
    if unknown:
        raise RecipeError(
            f"{folder / CONFIG}: this PEFT's {config_class.__name__} has no fields {unknown}, which the adapter was "
            "trained with. Install the PEFT that saved it."
        )
    try:
        config = config_class(**{**{name: said[name] for name in said if name in known}, "task_type": "CAUSAL_LM"})
    except (TypeError, ValueError) as error:
        raise RecipeError(f"{folder / CONFIG}: PEFT refuses it: {error}") from error
    return _over(config, folder)


def hint_of_base(folder: Path) -> str | None:
    """Return what the adapter says that it was trained on: a name, or a path on somebody's disk."""
    said = _said(folder).get("base_model_name_or_path")
    return said if isinstance(said, str) and said else None


def adapter_misfits(folder: Path, base: Mapping[str, Any]) -> Iterator[str]:
    """Yield why the adapter in a folder is none of the model of `base` (transformers' ``config.json``)."""
    config = adapter_config(folder)
    refuse_broken(config)
    try:
        places = _places(config, base)
    except RecipeError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a stranger's configuration makes PEFT raise says that it misfits
        yield f"PEFT cannot put it onto this model: {type(error).__name__}: {error}"
        return
    found = shapes(folder / WEIGHTS)
    yield from compared(found, places, also=_of_the_base(found, base))


def load_existing(model: PreTrainedModel, folder: Path, *, trainable: bool = False) -> PeftModel:
    """Put the adapter onto a fresh base, for inference unless it is `trainable`.

    Raises `RecipeError` where it is none of that base.
    """
    config = adapter_config(folder)
    config.inference_mode = not trainable
    if config.is_prompt_learning:
        with_heads(config, model)
    try:
        wrapped = PeftModel.from_pretrained(model, str(folder), config=config, is_trainable=trainable)
    except (RuntimeError, ValueError) as error:
        raise RecipeError(f"{folder} holds the adapter of another model: {error}") from error
    freeze_counts(wrapped)
    return wrapped


def merge_existing(model: PreTrainedModel, folder: Path) -> PreTrainedModel:
    """Fold the adapter into the weights of a fresh base. Raises `RecipeError` where it is none of it, or cannot be."""
    return merged(load_existing(model, folder), str(folder))


def shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the shape of every weight in a safetensors file, of which the header alone is read.

    Raises `RecipeError` for a file that is none.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError) as error:
        raise RecipeError(f"{path} is no safetensors file, or not all of one: {error}. Copy it again.") from error


def compared(
    found: Mapping[str, tuple[int, ...]], places: Mapping[str, tuple[int, ...]], also: Mapping[str, tuple[int, ...]]
) -> Iterator[str]:
    """Yield how the weights of a file differ from those that are wanted; `also` are such as may be there."""
    wanted = {**also, **places}
    other = [name for name in found if name in wanted and tuple(found[name]) != tuple(wanted[name])]
    if other:
        sizes = [f"{name} is {list(found[name])}, here {list(wanted[name])}" for name in other[:_SHOWN]]
        yield f"{_weights(other)} of another shape ({'; '.join(sizes)})"
    lacking = [name for name in places if name not in found]
    if lacking:
        yield f"{_weights(lacking)} missing ({', '.join(lacking[:_SHOWN])})"
    extra = [name for name in found if name not in wanted]
    if extra:
        yield f"{_weights(extra)} without a place in this model ({', '.join(extra[:_SHOWN])})"


def _weights(names: list[str]) -> str:
    return f"{len(names)} weight{'s' * (len(names) != 1)}"


def _said(folder: Path) -> dict[str, Any]:
    try:
        said = json.loads(read_regular(folder / CONFIG, _LARGEST))
    except (OSError, ValueError, RecursionError) as error:
        raise RecipeError(f"{folder / CONFIG} cannot be read: {error}.") from error
    if not isinstance(said, dict):
        raise RecipeError(f"{folder / CONFIG} holds no configuration.")
    return said


def _over(config: PeftConfig, folder: Path) -> PeftConfig:
    """Return the configuration with its initialisation over; refuse one that took its start out of the base."""
    if rewrites_base(config):
        raise RecipeError(
            f"{folder} starts from weights that init_lora_weights {config.init_lora_weights!r} took out of its base, "
            "which this file does not hold. Save it with path_initial_model_for_weight_conversion, as a plain LoRA."
        )
    config.inference_mode = True
    if hasattr(config, "prompt_tuning_init"):
        config.prompt_tuning_init = "RANDOM"
    if isinstance(getattr(config, "init_lora_weights", None), str):
        config.init_lora_weights = True
        config.eva_config = config.corda_config = config.lora_ga_config = None
    if config.is_prompt_learning:  # what it says of its base must not hide another one's sizes
        for name in _PROMPT_SIZES:
            setattr(config, name, None)
    return config


def _places(config: PeftConfig, base: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Return the weights that such an adapter has on the model of `base`, by PEFT's names in files."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with torch.device("meta"):
                return _state(empty_model(base), config)
        except (RuntimeError, NotImplementedError):  # some methods look at values while they make an adapter
            return _state(empty_model(base).to_empty(device="cpu"), config)


def _state(model: PreTrainedModel, config: PeftConfig) -> dict[str, tuple[int, ...]]:
    mine = copy.deepcopy(config)
    if mine.is_prompt_learning:
        with_heads(mine, model)
    _refuse_absent(mine, [name for name, _ in model.named_modules()])
    wrapped = get_peft_model(model, mine)
    return {
        name: tuple(each.shape)
        for name, each in get_peft_model_state_dict(wrapped, save_embedding_layers=False).items()
    }


def _refuse_absent(config: PeftConfig, modules: list[str]) -> None:
    """Raise `RecipeError` for target modules that the model does not have: PEFT passes over single ones."""
    targets = getattr(config, "target_modules", None)
    listed = [] if targets is None or isinstance(targets, str) else sorted(targets)
    absent = [want for want in listed if not any(f".{name}".endswith(f".{want}") for name in modules)]
    if absent:
        raise RecipeError(f"it adapts {absent}, which this model does not have")


def _of_the_base(found: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Return the base's own weights that an adapter's file may hold beside its own, as PEFT writes embeddings."""
    own = {name: own_name(name.removeprefix(_PREFIX)) for name in found if name.startswith(_PREFIX)}
    base_shapes = {name: tuple(each.shape) for name, each in empty_model(base).state_dict().items()}
    return {name: base_shapes[inside] for name, inside in own.items() if inside in base_shapes}
