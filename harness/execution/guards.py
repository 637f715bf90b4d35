"""Assertions on a training run, recorded in ``result.json``: a guard that fails marks the numbers, it hides none."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from harness.adaptation import Adapted, check
from harness.adaptation.adapted import Batch
from harness.errors import TrainingError


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What a fresh base model was: the digests of its weights, and what it says to one batch."""

    digests: Mapping[str, str]
    batch: Batch
    logits: Tensor


def before(model: nn.Module, batch: Batch) -> Before:
    """Note what the base is, before anything is adapted."""
    return Before(digests=check.base_digest(model), batch=batch, logits=check.logits(model, batch))


def guards(noted: Before, adapted: Adapted) -> dict[str, Any]:
    """Return each guard by its name: `passed` (None where it does not apply) and its details.

    Raises `TrainingError` where the outputs are not finite: the last step broke the model, and no loss is left to tell.
    """
    said = check.logits(adapted.model, noted.batch)
    if not torch.isfinite(said).all():
        raise TrainingError(
            "non_finite_loss",
            "after the last step the model's outputs are not finite; "
            "a lower learning_rate, clipping (max_grad_norm) or another dtype may help",
        )
    found = [
        check.modules_adapted(adapted),
        check.trainable_as_expected(adapted),
        check.outputs_differ(noted.logits, said),
        check.base_unchanged(noted.digests, adapted),
        check.ranks_alive(adapted),
    ]
    return {each.name: {"passed": each.passed, **asdict(each)["details"]} for each in found}
