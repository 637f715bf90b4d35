"""Any method of PEFT: what happens to a recipe with a `peft` block.

The block becomes PEFT's configuration (`config`), its targets are written out as module names within the chosen layers
(`targets`), and the model is wrapped (`wrap`), from data where the initialisation says so (`initialisation`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from peft import PeftConfig, PeftModel
from peft.tuners.lora import LoraLayer
from peft.tuners.vera import VeraLayer
from torch import Tensor, nn
from transformers import PreTrainedModel

from harness._compat.peft import train_prompt
from harness.errors import RecipeError
from harness.methods._base import NEWEST, Adapted, Context, Method, base_of
from harness.methods.layers._base import Choice
from harness.methods.peft import checks
from harness.methods.peft.callbacks import callbacks
from harness.methods.peft.config import peft_config, with_heads
from harness.methods.peft.formulas import expected_parameters
from harness.methods.peft.initialisation import initial_weights, prompt_text, reads_data, wrap_from_data
from harness.methods.peft.roles import point
from harness.methods.peft.store import load_adapter, merge_adapters, save_adapter
from harness.methods.peft.targets import adapted_modules, restrict
from harness.methods.peft.wrap import wrap
from harness.spec.records import Recipe


class PeftMethod(Method):
    """The base is frozen and PEFT's adapter trains, of whatever kind the block names."""

    def apply(
        self, model: PreTrainedModel | PeftModel, recipe: Recipe, choice: Choice | None, context: Context
    ) -> Adapted:
        """Wrap the model; raises `RecipeError` for a block that PEFT refuses or that means nothing in this model."""
        config = peft_config(recipe)
        checks.refuse_tied_tokens(config, base_of(model))
        notes = point(config, recipe, base_of(model))
        asked = _asked(recipe, config, model, choice)
        with prompt_text(config, context.tokenizer):
            if reads_data(config):
                wrapped, probes = wrap_from_data(model, config, asked, context.batches, recipe.probe_batches)
            else:
                wrapped, probes = wrap(model, config, asked, context.adapter), ()
        return Adapted.of(
            wrapped,
            recipe,
            adapted_modules(wrapped),
            callbacks=callbacks(wrapped, recipe),
            probes=probes,
            notes=notes,
            initial=initial_weights(wrapped),
        )

    def save(self, adapted: Adapted, folder: Path) -> None:
        """Write the newest adapter in PEFT's format."""
        save_adapter(adapted, folder)

    def load(self, model: PreTrainedModel | PeftModel, recipe: Recipe, folder: Path) -> Adapted:
        """Put the adapter back; of a prompt that a network produced only the prompt comes, not the network."""
        wrapped = load_adapter(model, folder, NEWEST, trainable=True)
        if wrapped.active_peft_config.is_prompt_learning:
            train_prompt(wrapped)
        return Adapted.of(wrapped.eval(), recipe, adapted_modules(wrapped))

    def keep(self, model: PreTrainedModel | PeftModel, recipe: Recipe, folder: Path, adapter: str) -> PeftModel:
        """Put the adapter onto the model, frozen."""
        del recipe
        return load_adapter(model, folder, adapter, trainable=False)

    def merge(self, adapted: Adapted) -> PreTrainedModel:
        """Merge the adapter, with those kept at work beside it."""
        return merge_adapters(adapted)

    def expected_parameters(self, adapted: Adapted) -> int | None:
        """Return the kind's own formula, where there is one."""
        return expected_parameters(adapted)

    def low_rank_updates(self, adapted: Adapted) -> Mapping[str, tuple[Tensor, Tensor]]:
        """Return the factors of LoRA and its like; scaling and AdaLoRA's singular values are taken into A."""
        if adapted.model.active_peft_config.is_prompt_learning:
            return {}
        adapter = adapted.model.active_adapter
        layers = ((name, each) for name, each in base_of(adapted.model).named_modules() if isinstance(each, LoraLayer))
        return {name: _factors(layer, adapter) for name, layer in layers if adapter in layer.lora_A}

    def unowned_weights(self, layer: nn.Module) -> int:
        """Count VeRA's random matrices, which its modules share."""
        return sum(
            rank * (module.in_features + module.out_features)
            for module in layer.modules()
            if isinstance(module, VeraLayer)
            for rank in module.r.values()
        )

    def check(self, recipe: Recipe, *, device: str, training: Mapping[str, Any]) -> Iterator[str]:
        """Refuse what PEFT, TRL or the device is known to fail on, and what PEFT takes for something else."""
        return checks.declared(recipe, device=device, training=training)

    def check_modules(self, recipe: Recipe, modules: tuple[str, ...], model: PreTrainedModel) -> Iterator[str]:
        """Refuse an adapted output head, and ranks larger than their matrix."""
        return checks.on_modules(recipe, modules, model)

    def check_next(self, recipe: Recipe, following: Recipe, then: Literal["merge", "keep"]) -> Iterator[str]:
        """Refuse what cannot be merged, or cannot be at work beside what follows."""
        return checks.unmergeable(recipe) if then == "merge" else checks.unstackable(recipe, following)

    def with_size(self, recipe: Recipe, size: int, config: Mapping[str, Any]) -> Recipe:
        """Return the recipe with the rank `size`; a LoRA's alpha keeps its ratio to the rank."""
        block = recipe.peft or {}
        if "r" not in block or block.get("rank_pattern"):
            return super().with_size(recipe, size, config)
        ratio = float(block.get("lora_alpha", block["r"])) / int(block["r"])
        alpha = {"lora_alpha"} & set(block)
        return replace(recipe, peft={**block, "r": size, **dict.fromkeys(alpha, ratio * size)})

    def size(self, recipe: Recipe) -> Mapping[str, float]:
        """Return the rank."""
        return {"r": int((recipe.peft or {})["r"])}

    def without_data(self, recipe: Recipe) -> Recipe:
        """Return the recipe with a random start: no other reads neither data nor weights."""
        data_only = ("eva_config", "corda_config", "lora_ga_config")
        block = {key: value for key, value in (recipe.peft or {}).items() if key not in data_only}
        if isinstance(block.get("init_lora_weights"), str):
            block["init_lora_weights"] = True
        if block.get("prompt_tuning_init") is not None:
            block["prompt_tuning_init"] = "RANDOM"
        return replace(recipe, peft=block)


def _asked(
    recipe: Recipe, config: PeftConfig, model: PreTrainedModel | PeftModel, choice: Choice | None
) -> tuple[str, ...]:
    """Return the modules that are to be adapted, none where the method adds virtual tokens instead."""
    if not (config.is_prompt_learning or hasattr(config, "target_modules")):
        raise RecipeError(
            f"{recipe.id}: {config.peft_type.value} mixes adapters that there are already and adapts no modules "
            "itself, which harness cannot train. Use another peft_type."
        )
    if not config.is_prompt_learning:
        layers = None if choice is None else choice.indices
        return restrict(config, base_of(model), layers, by_role=bool(recipe.modules))
    with_heads(config, base_of(model))
    if choice is not None or recipe.modules:
        raise RecipeError(
            f"{recipe.id}: {config.peft_type.value} adds virtual tokens, there are no layers or modules to choose."
        )
    return ()


def _factors(layer: LoraLayer, adapter: str) -> tuple[Tensor, Tensor]:
    """Return B (out, r) and A (r, in), whose product is what is added: A is scaled as the layer scales it."""
    down, up, scaling = layer.lora_A[adapter], layer.lora_B[adapter], layer.scaling[adapter]
    if isinstance(down, Tensor):  # AdaLoRA, which divides by the rank that is left, and by no 0
        left = float(layer.ranknum[adapter]) + 1e-5
        return up.detach(), (down * layer.lora_E[adapter]).detach() * (scaling / left)
    return up.weight.detach(), down.weight.detach() * scaling
