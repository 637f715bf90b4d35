"""Whether the adapted model says anything other than the base."""

import torch
from torch import Tensor, nn

from harness.adaptation.adapted import Batch
from harness.records import Measurement


@torch.no_grad()
def logits(model: nn.Module, batch: Batch) -> Tensor:
    """Return (rows, vocabulary) logits after each row's last token, on the CPU; the mode is left as it was."""
    training = model.training
    model.eval()
    try:
        device = next(model.parameters()).device
        ids, mask = batch["input_ids"].to(device), batch["attention_mask"].to(device)
        output = model(input_ids=ids, attention_mask=mask).logits
    finally:
        model.train(training)
    # Virtual tokens lengthen the output at its start, so positions are counted from the end.
    last = mask.shape[1] - 1 - mask.flip(1).int().argmax(dim=1)
    offset = output.shape[1] - ids.shape[1]
    return output[torch.arange(len(ids)), last + offset].float().cpu()


def outputs_differ(base: Tensor, adapted: Tensor) -> Measurement:
    """Compare the logits of the base and of the trained model on the same batch; equal means nothing was learnt.

    A serving engine or a loading error that scores the base in silence shows here.
    """
    difference = float((base - adapted).abs().max())
    finite = bool(torch.isfinite(adapted).all())
    details = {"largest_difference": difference if finite else None, "finite": finite}
    return Measurement(name="outputs_differ", passed=finite and difference > 0, details=details)
