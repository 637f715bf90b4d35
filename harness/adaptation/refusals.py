"""Why a recipe cannot work, as far as can be said before anything is downloaded or trained."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peft import PeftConfig, PeftType
from peft.tuners.prompt_tuning.config import PromptTuningInit
from torch import nn
from transformers import PreTrainedModel

from harness.adaptation.initial import REWRITING
from harness.adaptation.match import matched
from harness.adaptation.outline import outline
from harness.adaptation.patterns import declared_rank
from harness.adaptation.peft_block import peft_config
from harness.adaptation.stages import sequence_refusals
from harness.errors import RecipeError
from harness.model.shapes import empty_model
from harness.spec.records import Recipe

LOW_RANK = ("LORA", "ADALORA", "LOHA")
_NEEDS_PLAIN = {"4": ("LOHA", "LOKR", "HRA", "DELORA"), "8": ("DELORA",)}
PROMPTS = ("PROMPT_TUNING", "P_TUNING", "PREFIX_TUNING")
_LORA_STARTS = ("gaussian", "eva", "olora", "pissa", "corda", "loftq", "lora_ga", "orthogonal", "mica")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    recipe: Recipe
    peft: Mapping[str, Any]
    config: Mapping[str, Any] | None
    device: str
    training: Mapping[str, Any]


def refusals(
    recipe: Recipe,
    config: Mapping[str, Any] | None,
    device: str,
    *,
    training: Mapping[str, Any] | None = None,
) -> list[str]:
    """Return every reason why `recipe` would fail, each with what to do; an empty list where none is known.

    `config` is transformers' configuration of the model, None where it is not known yet (fewer reasons can be
    found then). `device` is ``cpu`` or ``cuda``. `training` holds the SFTConfig fields the cell trains with,
    the recipe's own among them; a stage's are laid over them.
    """
    if recipe.stages:
        return _of_stages(recipe, config, device, training or {})
    case = _Case(
        recipe=recipe,
        peft=recipe.peft or {},
        config=config,
        device=device.partition(":")[0],
        training={**recipe.training, **(training or {})},
    )
    return [reason for rule in _RULES for reason in rule(case)] or _on_the_model(case)


def _of_stages(recipe: Recipe, config: Mapping[str, Any] | None, device: str, training: Mapping[str, Any]) -> list[str]:
    """Return the reasons of each stage's recipe, or else those why one cannot follow the other."""
    reasons = [
        f"stage {place}: {reason}"
        for place, stage in enumerate(recipe.stages, start=1)
        for reason in refusals(stage.recipe, config, device, training={**training, **stage.trained.training})
    ]
    return reasons or list(sequence_refusals(recipe, config))


def _two_methods(case: _Case) -> Iterator[str]:
    if case.recipe.peft is not None and case.recipe.bottleneck is not None:
        yield "`peft` and `bottleneck` are both given: a recipe has one method. Keep one of them."


def _quantized(case: _Case) -> Iterator[str]:
    if case.recipe.quantization is None:
        return
    if case.recipe.bottleneck is not None:
        yield "transformers trains a quantized model through PEFT only: bottleneck adapters need unquantized weights."
    elif case.recipe.peft is None:
        yield "full fine-tuning cannot train quantized weights. Drop `quantization`, or add a `peft` block (QLoRA)."
    start = str(case.peft.get("init_lora_weights", ""))
    if start.startswith(REWRITING):
        yield (
            f"init_lora_weights {start!r} takes the adapter's start out of the weights; quantized ones cannot be read, "
            "or round it off, and what is saved is not what was trained. Use an unquantized base, or another start."
        )
    yield from _unreadable(case.recipe.quantization, case.peft)
    if case.recipe.layers.strategy == "gradient":
        yield 'the layer strategy "gradient" needs weights with a gradient; quantized ones have none. List the layers.'


def _unreadable(quantization: Mapping[str, Any], peft: Mapping[str, Any]) -> Iterator[str]:
    """Yield what fails in PEFT on packed weights, where it was tried."""
    method, bits = peft.get("peft_type"), "4" if quantization.get("load_in_4bit") else "8"
    if method in _NEEDS_PLAIN[bits]:
        yield f"{method} multiplies with the weights' own shape and fails on {bits}-bit ones. LORA, IA3 or OFT work."
    if bits == "8" and peft.get("use_dora"):
        yield "DoRA cannot read the norms of 8-bit weights. Quantize to 4 bits, or leave use_dora out."


def _device(case: _Case) -> Iterator[str]:
    if case.peft.get("init_lora_weights") == "loftq" and case.device == "cpu":
        yield "LoftQ quantizes with kernels that need a GPU. Run it on one, or use another init_lora_weights."


def _layer_fields(case: _Case) -> Iterator[str]:
    verbatim = case.peft.get("layers_to_transform")
    if verbatim is not None and isinstance(case.peft.get("target_modules"), str):
        yield (
            "PEFT takes no layers_to_transform beside an expression in target_modules. "
            "Use the recipe's `layers` block, or list the modules."
        )
    if verbatim is not None and case.recipe.layers.strategy != "all":
        yield "layers are chosen twice, in `layers` and in peft.layers_to_transform. Keep `layers`."


def _checkpointing(case: _Case) -> Iterator[str]:
    drops = any(case.training.get(field) for field in ("gradient_checkpointing", "activation_checkpointing"))
    if case.peft.get("peft_type") == "PREFIX_TUNING" and drops:
        yield "prefix tuning passes its prefix as a cache, which gradient checkpointing drops. Switch the latter off."


def _known_failures(case: _Case) -> Iterator[str]:
    if case.peft.get("peft_type") == "ADAPTION_PROMPT":
        yield "ADAPTION_PROMPT fails under TRL's trainer. Use PREFIX_TUNING or PROMPT_TUNING."


def _start(case: _Case) -> Iterator[str]:
    """Refuse starts that PEFT does not know: it complains late of a LoRA's, and takes a prompt's for a random one."""
    start = case.peft.get("init_lora_weights")
    if isinstance(start, str) and start not in _LORA_STARTS and not re.fullmatch(r"pissa_niter_\d+", start):
        yield (
            f"peft.init_lora_weights {start!r} is unknown. "
            f"There are: true, false, {', '.join(_LORA_STARTS)}, pissa_niter_N."
        )
    prompt, known = case.peft.get("prompt_tuning_init"), [each.value for each in PromptTuningInit]
    if prompt is not None and prompt not in known:
        yield f"peft.prompt_tuning_init {prompt!r} is unknown. There are: {', '.join(known)}."


def _sizes(case: _Case) -> Iterator[str]:
    """Refuse sizes with which PEFT builds something that does not do what the method's name says."""
    tokens = case.peft.get("num_virtual_tokens")
    if case.peft.get("peft_type") in PROMPTS and (not isinstance(tokens, int) or tokens < 1):
        yield f"peft.num_virtual_tokens is {tokens}. Ask for 1 or more."
    if case.peft.get("peft_type") == "ADALORA":
        first, target = case.peft.get("init_r", 12), case.peft.get("target_r", 8)
        if target > first:
            yield f"AdaLoRA prunes from init_r {first} to target_r {target}, which is more. Raise init_r."


def _task_type(case: _Case) -> Iterator[str]:
    asked = case.peft.get("task_type")
    if asked not in (None, "CAUSAL_LM"):
        yield f"peft.task_type is {asked!r}; what is trained and scored here is CAUSAL_LM. Leave it out."


def _foreign_files(case: _Case) -> Iterator[str]:
    for name in ("cache_file", "covariance_file"):
        if (case.peft.get("corda_config") or {}).get(name) is not None:
            yield f"peft.corda_config.{name} reads a file that the recipe does not carry. Leave it out: it is computed."


_RULES: tuple[Callable[[_Case], Iterator[str]], ...] = (
    _two_methods,
    _quantized,
    _device,
    _layer_fields,
    _checkpointing,
    _known_failures,
    _start,
    _sizes,
    _task_type,
    _foreign_files,
)


def _on_the_model(case: _Case) -> list[str]:
    """Try the recipe on a model of shapes only."""
    try:
        if case.recipe.peft is not None:
            peft_config(case.recipe)
        if case.config is None:
            return []
        settled = matched(case.recipe, case.config)
        model = empty_model(case.config)
        if case.peft.get("trainable_token_indices") is not None and model.config.tie_word_embeddings:
            return ["trainable_token_indices fails on a model whose embeddings and output head are tied, as here."]
        modules = outline(settled, case.config).modules
        return [*_head(modules, model), *_ranks(settled, modules, model)]
    except RecipeError as error:
        return [str(error)]


def _head(modules: Sequence[str], model: PreTrainedModel) -> Iterator[str]:
    """Refuse what TRL refuses, however `target_modules` came to name it."""
    head = model.get_output_embeddings()
    found = [name for name in modules if model.get_submodule(name) is head]
    if found and isinstance(head, nn.Module):
        yield f"TRL refuses adapters on the output head. Leave {found[0]} out of target_modules."


def _ranks(recipe: Recipe, modules: Sequence[str], model: PreTrainedModel) -> Iterator[str]:
    """Yield the ranks that are larger than the matrix they should approximate, one line a kind of module."""
    if (recipe.peft or {}).get("peft_type") not in LOW_RANK:
        return
    for kind, (rank, limit) in rank_limits(recipe, modules, model).items():
        if rank > limit:
            yield f"rank {rank} is larger than {kind}, a matrix of rank {limit} at most. Ask for {limit} or less."


def rank_limits(recipe: Recipe, modules: Sequence[str], model: PreTrainedModel) -> dict[str, tuple[int, int]]:
    """Return for each kind of target module (its last name) the largest declared rank and the largest possible."""
    config = peft_config(recipe)
    found: dict[str, tuple[int, int]] = {}
    for name in modules:
        weight = getattr(model.get_submodule(name), "weight", None)
        if weight is not None and weight.dim() == 2:  # noqa: PLR2004 - a matrix
            kind, rank = name.rpartition(".")[2], _rank(config, name)
            found[kind] = max(found.get(kind, (0, 0)), (rank, min(weight.shape)))
    return found


def _rank(config: PeftConfig, module: str) -> int:
    return int(config.init_r) if config.peft_type == PeftType.ADALORA else declared_rank(config, module)
