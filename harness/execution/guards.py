"""Assertions on a training run, recorded in ``result.json``: a guard that fails marks the numbers, it hides none."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from harness.adaptation import Adapted, check
from harness.adaptation.adapted import Batch
from harness.errors import TrainingError
from harness.execution.rehearsal import Rehearsal
from harness.records import Measurement
from harness.training import Trained


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What a fresh base model was: the digests of its weights, and what it says to one batch."""

    digests: Mapping[str, str]
    batch: Batch
    logits: Tensor


def before(model: nn.Module, batch: Batch) -> Before:
    """Note what the base is, before anything is adapted."""
    return Before(digests=check.base_digest(model), batch=batch, logits=check.logits(model, batch))


def guards(
    noted: Before, adapted: Adapted, trained: Trained, start: str, rehearsal: Rehearsal | None
) -> dict[str, Measurement]:
    """Return each guard by its name.

    `start` is the digest of the adapter's first values, `rehearsal` what it was on another fresh model.

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
        start_follows_seed(start, rehearsal),
        order_follows_seed(trained),
        loss_finite(trained),
    ]
    return {each.name: each for each in found}


def start_follows_seed(start: str, rehearsal: Rehearsal | None) -> Measurement:
    """Compare the adapter's first values with those of one that was made on another fresh model with the seed."""
    if rehearsal is None:
        return Measurement(
            name="start_follows_seed", passed=None, details={"reason": "nothing is drawn, or data are read"}
        )
    return Measurement(name="start_follows_seed", passed=rehearsal.start == start)


def order_follows_seed(trained: Trained) -> Measurement:
    """Compare the order of the examples with one drawn anew; as many batches as an epoch and the check have."""
    compared = len(trained.drawn_again)
    passed = trained.order[:compared] == trained.drawn_again
    return Measurement(name="order_follows_seed", passed=passed, details={"batches": compared})


def loss_finite(trained: Trained) -> Measurement:
    """See that the loss of every step was taken and is a number; one that is not has ended the run before."""
    passed = len(trained.losses) == trained.steps and all(map(math.isfinite, trained.losses))
    return Measurement(name="loss_finite", passed=passed, details={"steps": trained.steps})
