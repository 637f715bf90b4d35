"""What training rows cost a model before it is trained: by this the rows are told apart that it finds unlikely."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from harness.methods.batches import on_device
from harness.model.modes import evaluation_mode
from harness.sources.data import Row
from harness.training.lengths import cut
from harness.training.losses import labels_by_row, padded_losses
from harness.training.probe import padded
from harness.training.tokens import tokens_of


@torch.no_grad()
def row_losses(
    model: PreTrainedModel, rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, fields: Mapping[str, Any]
) -> list[float]:
    """Return each row's mean negative log-likelihood a completion token (nats), cut as training cuts it.

    `fields` are SFTConfig's: so many rows are read at a time as a training batch has. A row of whose completion nothing
    is kept does not train either, and costs nothing.
    """
    kept = [cut(*tokens_of(row, tokenizer), fields) for row in rows]
    read = [(place, each) for place, each in enumerate(kept) if each is not None]
    size = int(fields.get("per_device_train_batch_size", 8))
    costs = [0.0] * len(rows)
    with evaluation_mode(model):
        for start in range(0, len(read), size):
            part = read[start : start + size]
            batch = on_device(padded([each for _, each in part], int(tokenizer.pad_token_id)), model)
            losses = padded_losses(model, model.get_output_embeddings(), batch, "none")
            for (place, _), of_row in zip(part, losses.split(labels_by_row(batch)), strict=True):
                costs[place] = float(of_row.sum()) / max(1, len(of_row))
    return costs
