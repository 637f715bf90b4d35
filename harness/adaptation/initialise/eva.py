"""EVA (Paischer et al. 2024, arXiv 2410.07170): A starts as the main directions of each module's inputs."""

from collections.abc import Sequence

from peft import PeftModel, initialize_lora_eva_weights

from harness.adaptation.adapted import Batch
from harness.adaptation.data import on_device


def load_directions(wrapped: PeftModel, batches: Sequence[Batch]) -> None:
    """Set each A to the right singular vectors of its module's inputs and spread the ranks by variance explained.

    Padding is left out by the attention mask. A module whose rank comes out as 0 loses its adapter.
    """
    inputs = [on_device(batch, wrapped) for batch in batches]
    initialize_lora_eva_weights(wrapped, inputs, show_progress_bar=False)
