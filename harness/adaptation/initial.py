"""Initialisations that rewrite the base weight, and what is kept to undo it.

PiSSA, OLoRA, CorDA and LoRA-GA start from B₀A₀ ≠ 0 and subtract it from the base weight, so that the model's
function is unchanged at first. Their adapter alone means nothing on the original base; with its first values
beside it, BA − B₀A₀ is a plain LoRA of twice the rank that does.
"""

from collections.abc import Mapping

from peft import PeftConfig, PeftModel, get_peft_model_state_dict
from torch import Tensor, nn

REWRITING = ("pissa", "olora", "corda", "lora_ga")


def rewrites_base(config: PeftConfig) -> bool:
    """Tell whether the configuration's initialisation changes the base model's weights."""
    return str(getattr(config, "init_lora_weights", "")).startswith(REWRITING)


def initial_weights(model: nn.Module) -> Mapping[str, Tensor]:
    """Return a copy of the adapter's weights where its initialisation rewrote the base's, else nothing."""
    if not isinstance(model, PeftModel) or not rewrites_base(model.peft_config[model.active_adapter]):
        return {}
    state = get_peft_model_state_dict(model, save_embedding_layers=False)
    return {name: weight.detach().clone().cpu() for name, weight in state.items()}
