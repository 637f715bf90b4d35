"""CorDA (Yang et al. 2024, arXiv 2406.05223): decompose each weight in the directions its inputs take."""

from collections.abc import Sequence

import torch
from peft import PeftConfig
from peft.tuners.lora.corda import preprocess_corda
from transformers import PreTrainedModel

from harness.adaptation.adapted import Batch
from harness.adaptation.data import on_device


def collect_covariance(model: PreTrainedModel, config: PeftConfig, batches: Sequence[Batch]) -> None:
    """Leave on each target module the decomposition that PEFT's wrapping then reads and removes."""

    @torch.no_grad()
    def run() -> None:
        for batch in batches:
            _one_row_at_a_time(model, batch)

    preprocess_corda(model, config, run_model=run)


def _one_row_at_a_time(model: PreTrainedModel, batch: Batch) -> None:
    # PEFT's covariance takes inputs of shape (1, tokens, features), and padding must not count.
    placed = on_device(batch, model)
    for ids, mask in zip(placed["input_ids"], placed["attention_mask"], strict=True):
        model(input_ids=ids[mask.bool()].unsqueeze(0))
