"""Why a recipe cannot work, as far as can be said before anything is downloaded or trained."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.adaptation.match import matched
from harness.adaptation.outline import empty_model, outline
from harness.adaptation.peft_block import peft_config
from harness.adaptation.stages import sequence_refusals
from harness.errors import RecipeError
from harness.spec.records import Recipe

LOW_RANK = ("LORA", "ADALORA")


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
    if start.startswith(("pissa", "corda", "lora_ga")):
        yield f"init_lora_weights {start!r} decomposes the weights themselves and cannot read quantized ones."
    if case.recipe.layers.strategy == "gradient":
        yield 'the layer strategy "gradient" needs weights with a gradient; quantized ones have none. List the layers.'


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
    if case.peft.get("peft_type") == "PREFIX_TUNING" and case.training.get("gradient_checkpointing"):
        yield "prefix tuning passes its prefix as a cache, which gradient checkpointing drops. Switch the latter off."


def _known_failures(case: _Case) -> Iterator[str]:
    if case.peft.get("peft_type") == "ADAPTION_PROMPT":
        yield "ADAPTION_PROMPT fails under TRL's trainer. Use PREFIX_TUNING or PROMPT_TUNING."
    if _mentions(case.peft.get("target_modules"), "lm_head"):
        yield "TRL refuses adapters on lm_head. Leave it out of target_modules."
    tied = case.config is not None and case.config.get("tie_word_embeddings")
    if case.peft.get("trainable_token_indices") is not None and tied:
        yield "trainable_token_indices fails on a model whose input and output embeddings are tied, as this one's are."


def _foreign_files(case: _Case) -> Iterator[str]:
    for name in ("cache_file", "covariance_file"):
        if (case.peft.get("corda_config") or {}).get(name) is not None:
            yield f"peft.corda_config.{name} reads a file that the recipe does not carry. Leave it out: it is computed."


def _mentions(targets: Any, name: str) -> bool:
    return isinstance(targets, list) and any(str(target).split(".")[-1] == name for target in targets)


_RULES: tuple[Callable[[_Case], Iterator[str]], ...] = (
    _two_methods,
    _quantized,
    _device,
    _layer_fields,
    _checkpointing,
    _known_failures,
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
        too_large = list(_ranks(settled, case.config))
        if not too_large:
            outline(settled, case.config)
    except RecipeError as error:
        return [str(error)]
    return too_large


def _ranks(recipe: Recipe, config: Mapping[str, Any]) -> Iterator[str]:
    """Yield the ranks that are larger than the matrix they should approximate, one line a kind of module."""
    if (recipe.peft or {}).get("peft_type") not in LOW_RANK:
        return
    largest = rank_limits(recipe, config)
    for kind, (rank, limit) in largest.items():
        if rank > limit:
            yield f"rank {rank} is larger than {kind}, a matrix of rank {limit} at most. Ask for {limit} or less."


def rank_limits(recipe: Recipe, config: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """Return for each kind of target module (its last name) the declared rank and the largest that is possible."""
    adapted = outline(recipe, config).modules
    model = empty_model(config)
    found: dict[str, tuple[int, int]] = {}
    for name in adapted:
        weight = getattr(model.get_submodule(name), "weight", None)
        if weight is not None and weight.dim() == 2:  # noqa: PLR2004 - a matrix
            found[name.rpartition(".")[2]] = (_rank(recipe, name), min(weight.shape))
    return found


def _rank(recipe: Recipe, name: str) -> int:
    config = peft_config(recipe)
    if (recipe.peft or {}).get("peft_type") == "ADALORA":
        return int(config.init_r)
    patterns = config.rank_pattern or {}
    return int(next((rank for key, rank in patterns.items() if f".{name}".endswith(f".{key}")), config.r))
