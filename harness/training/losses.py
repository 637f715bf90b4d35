"""The negative log-likelihood of a batch's completion tokens, with the vocabulary projected where one is predicted."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.model.head import projected_at
from harness.training.packing import IGNORED, Pack


def labels_by_row(inputs: dict[str, Any]) -> list[int]:
    """Return how many labels each row has."""
    counts: list[int] = (inputs["labels"][:, 1:] != IGNORED).sum(dim=1).tolist()
    return counts


def labels_of(inputs: dict[str, Any]) -> Tensor:
    """Return the number of labels, at least 1."""
    return torch.clamp((inputs["labels"][:, 1:] != IGNORED).sum(), min=1)


def padded_losses(model: nn.Module, head: nn.Module, inputs: dict[str, Any], reduction: str) -> Tensor:
    """Return the losses of a padded batch.

    `inputs`: input_ids, attention_mask and labels, each (batch, length); a label of −100 is not predicted.
    """
    labels = inputs["labels"][:, 1:]
    predicted = labels != IGNORED
    with projected_at(head, *predicted.nonzero(as_tuple=True), length=inputs["labels"].shape[1]):
        output = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], use_cache=False)
    return functional.cross_entropy(output.logits[0].float(), labels[predicted], reduction=reduction)


def pack_losses(model: nn.Module, head: nn.Module, pack: Pack, reduction: str) -> Tensor:
    """Return the losses of rows end to end. With a cache the model would not see where rows begin."""
    columns = pack.predicting
    with projected_at(head, torch.zeros_like(columns), columns, length=pack.ids.shape[1]):
        output = model(input_ids=pack.ids, position_ids=pack.positions, use_cache=False)
    return functional.cross_entropy(output.logits[0].float(), pack.targets, reduction=reduction)
