"""EVA (Paischer et al. 2024, arXiv 2410.07170): A starts as the main directions of each module's inputs."""

import math
from collections.abc import Sequence

from peft import PeftModel, initialize_lora_eva_weights
from peft.tuners.lora.eva import prepare_model_inputs_fn_language_modeling

from harness.adaptation.adapted import Batch
from harness.adaptation.data import on_device
from harness.adaptation.peft_method import adapted_modules
from harness.errors import RecipeError


def load_directions(wrapped: PeftModel, batches: Sequence[Batch]) -> None:
    """Set each A to the right singular vectors of its module's inputs and spread the ranks by variance explained.

    Padding is left out, and with PEFT's `use_label_mask` every token without a label too. A module whose rank
    comes out as 0 loses its adapter. Raises `RecipeError` where no batch has enough tokens for the directions
    that are sought: PEFT would go over the batches for ever.
    """
    inputs = [on_device(batch, wrapped) for batch in batches]
    config = wrapped.active_peft_config
    needed = math.ceil(config.r * config.eva_config.rho)
    most = max(len(prepare_model_inputs_fn_language_modeling(batch, config)) for batch in inputs)
    if most < needed:
        raise RecipeError(
            f"EVA seeks {needed} directions (r times rho) and no batch has more than {most} tokens for it. "
            "Set peft.eva_config.use_label_mask to false, or train with larger batches or a smaller r."
        )
    initialize_lora_eva_weights(wrapped, inputs, show_progress_bar=False)
    # PEFT shortens the names it kept until they match dropped modules as well, which loading would adapt again.
    config.target_modules = set(adapted_modules(wrapped))
