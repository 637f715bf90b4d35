"""Whether the base model's frozen weights are bit for bit what they were."""

import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from harness.adaptation.adapted import Adapted
from harness.adaptation.check.names import base_tensors, trained_names
from harness.records import Measurement


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
