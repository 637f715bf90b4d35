"""What is known to fail with a PEFT block, or to do something else than it says, each with the remedy."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peft import PeftConfig
from peft.tuners.prompt_tuning.config import PromptTuningInit
from torch import nn
from transformers import PreTrainedModel

from harness.errors import RecipeError
from harness.methods.peft.config import declared_rank, peft_config
from harness.methods.peft.initialisation import REWRITING
from harness.methods.peft.roles import point
from harness.methods.traits import STACKABLE, traits
from harness.model.blocks import ROUTERS
from harness.spec.records import Recipe

LOW_RANK = ("LORA", "ADALORA", "LOHA")
_NEEDS_PLAIN = {"4": ("LOHA", "LOKR", "HRA", "DELORA"), "8": ("DELORA",)}
_PROMPTS = ("PROMPT_TUNING", "P_TUNING", "PREFIX_TUNING")
_LORA_STARTS = ("gaussian", "eva", "olora", "pissa", "corda", "loftq", "lora_ga", "orthogonal", "mica")
_READS_WEIGHTS = (*REWRITING, "eva", "loftq")
"""Initialisations that read or change the weights under the adapter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    recipe: Recipe
    peft: Mapping[str, Any]
    device: str
    training: Mapping[str, Any]


def declared(recipe: Recipe, *, device: str, training: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong whatever the model: what harness knows of, else what PEFT says itself."""
    case = _Case(recipe=recipe, peft=recipe.peft or {}, device=device, training=training)
    reasons = [reason for rule in _RULES for reason in rule(case)]
    yield from reasons
    if not reasons:
        try:
            peft_config(recipe)
        except RecipeError as error:
            yield str(error)


def on_modules(recipe: Recipe, modules: Sequence[str], model: PreTrainedModel) -> Iterator[str]:
    """Yield what is wrong with the modules that would be adapted; `model` is without adapters.

    TRL refuses adapters on the output head, however `target_modules` came to name it.
    """
    head = model.get_output_embeddings()
    found = [name for name in modules if model.get_submodule(name) is head]
    if found and isinstance(head, nn.Module):
        yield f"TRL refuses adapters on the output head. Leave {found[0]} out of target_modules."
    if (recipe.peft or {}).get("peft_type") in LOW_RANK:
        for kind, (rank, limit) in rank_limits(recipe, modules, model).items():
            if rank > limit:
                yield f"rank {rank} is larger than {kind}, a matrix of rank {limit} at most. Ask for {limit} or less."


def rank_limits(recipe: Recipe, modules: Sequence[str], model: PreTrainedModel) -> dict[str, tuple[int, int]]:
    """Return for each kind of target module (its last name) the largest declared rank and the largest possible."""
    config = peft_config(recipe)
    point(config, recipe, model)
    found: dict[str, tuple[int, int]] = {}
    for name in modules:
        weight = getattr(model.get_submodule(name), "weight", None)
        if name.rpartition(".")[2] in ROUTERS:
            continue  # one row for each expert: PEFT's "all-linear" takes them along, whatever the rank
        if weight is not None and weight.dim() == 2:  # noqa: PLR2004 - a matrix
            kind, rank = name.rpartition(".")[2], declared_rank(config, name)
            found[kind] = max(found.get(kind, (0, 0)), (rank, min(weight.shape)))
    return found


def refuse_tied_tokens(config: PeftConfig, model: PreTrainedModel) -> None:
    """Raise `RecipeError` for trained token embeddings that the output head shares: PEFT fails on them."""
    if getattr(config, "trainable_token_indices", None) is not None and model.config.tie_word_embeddings:
        raise RecipeError(
            "trainable_token_indices fails on a model whose embeddings and output head are tied, as here."
        )


def unmergeable(recipe: Recipe) -> Iterator[str]:
    """Yield why nothing can be merged of what the recipe trains."""
    if not traits(recipe).merges:
        yield f"{recipe.id} adds virtual tokens, which change no weight: nothing can be merged. Make it the last stage."


def unstackable(recipe: Recipe, following: Recipe) -> Iterator[str]:
    """Yield why the recipe's adapter cannot stay at work while the following one trains."""
    first, second = recipe.peft or {}, following.peft or {}
    if not traits(recipe).stacks:
        yield (
            f"{recipe.id} cannot be kept at work beside another adapter; {', '.join(STACKABLE)} can. "
            'Merge it, where its method can be merged ("then": "merge").'
        )
    elif first["peft_type"] != second.get("peft_type"):
        yield (
            f"PEFT combines adapters of one method only, and {following.id} is not {first['peft_type']}. "
            'Merge the adapter before it ("then": "merge").'
        )
    for each, block in ((recipe, first), (following, second)):
        extras = [name for name in ("modules_to_save", "trainable_token_indices") if block.get(name)]
        extras += ["bias"] if block.get("bias", "none") != "none" else []
        if extras:
            yield f"{each.id}: PEFT keeps several adapters at work only without {', '.join(extras)}. Leave that out."
    start = str(second.get("init_lora_weights", ""))
    if start.startswith(_READS_WEIGHTS):
        yield f"{following.id} starts from the weights it adapts ({start}), which holds for a first adapter. Merge."


def _quantized(case: _Case) -> Iterator[str]:
    if case.recipe.quantization is None:
        return
    start = str(case.peft.get("init_lora_weights", ""))
    if start.startswith(REWRITING):
        yield (
            f"init_lora_weights {start!r} takes the adapter's start out of the weights; quantized ones cannot be read, "
            "or round it off, and what is saved is not what was trained. Use an unquantized base, or another start."
        )
    yield from _unreadable(case.recipe.quantization, case.peft)


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
    if case.peft.get("layer_replication"):
        yield (
            "peft.layer_replication makes a model of other layers than the base's, so that no layer can be chosen and "
            "no weight be compared with the base's. Leave it out, or train a base that was stacked beforehand."
        )


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
    if case.peft.get("peft_type") in _PROMPTS and (not isinstance(tokens, int) or tokens < 1):
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
