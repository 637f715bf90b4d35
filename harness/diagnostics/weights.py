"""Whether the base model's frozen weights are bit for bit what they were, and what an adapter's weights started as."""

import hashlib
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from harness.diagnostics._base import Diagnostic, Subject
from harness.methods._base import Adapted, base_of
from harness.methods.batches import Batch
from harness.records import Measurement


class BaseUnchanged(Diagnostic):
    """The frozen weights of the base, compared by their digests from before it was adapted."""

    name = "base_unchanged"
    _digests: Mapping[str, str]

    def before(self, model: nn.Module, batch: Batch) -> None:
        """Take the digests."""
        del batch
        self._digests = base_digest(model)

    def after(self, subject: Subject) -> Measurement:
        """Compare."""
        return base_unchanged(self._digests, subject.adapted)


def base_digest(model: nn.Module) -> dict[str, str]:
    """Return the SHA-256 of the bytes of every parameter of a base model, by name."""
    return {name: digest(tensor) for name, tensor in base_tensors(model)}


def base_unchanged(before: Mapping[str, str], adapted: Adapted) -> Measurement:
    """Compare the frozen base weights with their digests from before they were adapted.

    Left out are weights that train themselves and those that the initialisation rewrote, whose change is undone
    when the adapter is saved; their numbers are in the details.
    """
    now = dict(base_tensors(adapted.model))
    rewritten = {f"{module}.weight" for module in adapted.modules} if adapted.initial else set()
    trained = trained_names(adapted.model) & set(before)
    compared = set(before) - trained - rewritten
    changed = sorted(name for name in compared if name not in now or digest(now[name]) != before[name])
    details = {"compared": len(compared), "trained": len(trained), "rewritten": len(rewritten), "changed": changed}
    return Measurement(name="base_unchanged", passed=not changed, details=details)


def digest(tensor: Tensor) -> str:
    """Return the SHA-256 of a tensor's bytes."""
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return hashlib.sha256(flat.view(torch.uint8).numpy().tobytes()).hexdigest()


def start_digest(adapted: Adapted) -> str:
    """Return one SHA-256 over all trainable weights; the same recipe, model, data and seed give the same."""
    whole = hashlib.sha256()
    for name, weight in sorted(adapted.model.named_parameters()):
        if weight.requires_grad:
            whole.update(f"{name} {digest(weight)}\n".encode())
    return whole.hexdigest()


def base_tensors(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Yield every parameter; the base's under their own names, an adapter's under longer ones.

    They are read from the state dict: bitsandbytes lays 4-bit weights out anew for a CPU's kernels when they
    are first used, and gives them back in their stored form there. Their scales are left out, since in doing so
    it rounds them to bfloat16.
    """
    base = base_of(model)
    parameters = {name for name, _ in base.named_parameters()}
    for name, tensor in base.state_dict().items():
        if name in parameters:
            yield _plain(name), tensor


def trained_names(model: nn.Module) -> set[str]:
    """Return the names, as `base_tensors` gives them, of the parameters that train."""
    named = base_of(model).named_parameters(remove_duplicate=False)
    return {_plain(name) for name, weight in named if weight.requires_grad}


def _plain(name: str) -> str:
    return name.replace(".base_layer.", ".").replace(".original_module.", ".")
