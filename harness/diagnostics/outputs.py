"""Whether the adapted model says anything other than the base, and whether what it says are numbers."""

import torch
from torch import Tensor, nn

from harness.diagnostics._base import Diagnostic, Subject
from harness.errors import TrainingError
from harness.methods.batches import Batch
from harness.model.precision import computing
from harness.records import Measurement


class OutputsDiffer(Diagnostic):
    """The logits after one batch, before and after training.

    Raises `TrainingError` where they are not finite: the last step broke the model, and no loss is left to tell.
    """

    name = "outputs_differ"
    _logits: Tensor

    def before(self, model: nn.Module, batch: Batch) -> None:
        """Take the base's."""
        self._logits = logits(model, batch)

    def after(self, subject: Subject) -> Measurement:
        """Compare."""
        trained = logits(subject.adapted.model, subject.batch)
        if not torch.isfinite(trained).all():
            raise TrainingError(
                "non_finite_loss",
                "after the last step the model's outputs are not finite; "
                "a lower learning_rate, clipping (max_grad_norm) or another dtype may help",
            )
        return outputs_differ(self._logits, trained)


@torch.no_grad()
def logits(model: nn.Module, batch: Batch) -> Tensor:
    """Return (rows, vocabulary) logits after each row's last token, on the CPU; the mode is left as it was."""
    training = model.training
    model.eval()
    try:
        device = next(model.parameters()).device
        ids, mask = batch["input_ids"].to(device), batch["attention_mask"].to(device)
        with computing(model):
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
