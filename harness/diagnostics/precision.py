"""What rounding does to a cell: updates that its weights were too coarse to take, and the cast to what is served."""

import math

import torch
from torch import nn

from harness.diagnostics._base import Diagnostic, Subject
from harness.methods._base import Adapted
from harness.methods.batches import Batch, on_device
from harness.methods.traits import traits
from harness.model.modes import evaluation_mode
from harness.model.precision import computing, serve, served
from harness.records import Measurement

TOLERATED = 0.05
"""Share of the updates that may be lost: with master weights in float32 hardly any is, in bfloat16 most are."""

SERVED = "loss_as_served"


class UpdatesKept(Diagnostic):
    """Hardly any update of a weight was lost to rounding, where it was looked for."""

    name = "updates_kept"

    def after(self, subject: Subject) -> Measurement:
        """Read the share."""
        lost = subject.trained.updates_lost
        return Measurement(
            name=self.name, passed=None if lost is None else lost <= TOLERATED, details={"share_lost": lost}
        )


def loss_as_served(adapted: Adapted, batch: Batch, dtype: str) -> Measurement:
    """Return by how much the loss on a batch rises when the trained model is cast to the dtype that is served.

    In nats a completion token. A model whose own weights trained is left as it is served, for no memory need hold two
    of it; an adapter is put back.
    """
    model = adapted.model
    trained = _loss(model, batch)
    if traits(adapted.recipe).trains_base_weights:
        serve(model, dtype)
        after = _loss(model, batch)
    else:
        with served(model, dtype):
            after = _loss(model, batch)
    if not math.isfinite(after):
        return Measurement(name=SERVED, passed=False, details={"trained": trained, "served": None})
    return Measurement(name=SERVED, value=after - trained, details={"trained": trained, "served": after})


@torch.no_grad()
def _loss(model: nn.Module, batch: Batch) -> float:
    with evaluation_mode(model), computing(model):
        return float(model(**on_device(batch, model)).loss)
