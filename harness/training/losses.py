"""The negative log-likelihood of a batch's completion tokens, with the vocabulary projected where one is predicted."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from harness.model.head import projected_at
from harness.training.packing import IGNORED, WEIGHTS, Pack


def labels_by_row(inputs: dict[str, Any]) -> list[int]:
    """Return how many labels each row has."""
    counts: list[int] = (inputs["labels"][:, 1:] != IGNORED).sum(dim=1).tolist()
    return counts


def labels_of(*batches: Mapping[str, Any]) -> Tensor:
    """Return what summed losses are divided by: the number of labels or, of rows with weights, what these weigh.

    Where nothing counts it is 1.
    """
    predicted = [batch["labels"][:, 1:] != IGNORED for batch in batches]
    if WEIGHTS not in batches[0]:
        return torch.clamp(torch.stack([each.sum() for each in predicted]).sum(), min=1)
    weights = (batch[WEIGHTS][:, 1:][each] for batch, each in zip(batches, predicted, strict=True))
    total = torch.stack([each.sum() for each in weights]).sum()
    return torch.where(total > 0, total, torch.ones_like(total))


def padded_losses(model: nn.Module, head: nn.Module, inputs: dict[str, Any], reduction: str) -> Tensor:
    """Return the losses of a padded batch.

    `inputs`: input_ids, attention_mask and labels, each (batch, length); a label of −100 is not predicted.
    """
    labels = inputs["labels"][:, 1:]
    predicted = labels != IGNORED
    with projected_at(head, *predicted.nonzero(as_tuple=True), length=inputs["labels"].shape[1]):
        output = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], use_cache=False)
    weights = inputs[WEIGHTS][:, 1:][predicted] if WEIGHTS in inputs else None
    return _negative_log_likelihood(output.logits[0], labels[predicted], weights, reduction)


def pack_losses(model: nn.Module, head: nn.Module, pack: Pack, reduction: str) -> Tensor:
    """Return the losses of rows end to end. With a cache the model would not see where rows begin."""
    columns = pack.predicting
    with projected_at(head, torch.zeros_like(columns), columns, length=pack.ids.shape[1]):
        output = model(input_ids=pack.ids, position_ids=pack.positions, use_cache=False)
    return _negative_log_likelihood(output.logits[0], pack.targets, pack.weights, reduction)


def _negative_log_likelihood(logits: Tensor, targets: Tensor, weights: Tensor | None, reduction: str) -> Tensor:
    """Return what each target costs (nats), or their sum, each by its weight if there are any."""
    if weights is None or reduction == "none":
        return functional.cross_entropy(logits.float(), targets, reduction=reduction)
    return (functional.cross_entropy(logits.float(), targets, reduction="none") * weights).sum()
