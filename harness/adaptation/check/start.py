"""What the trainable weights were before the first step."""

import hashlib

from harness.adaptation.adapted import Adapted
from harness.adaptation.check.base import digest


def start_digest(adapted: Adapted) -> str:
    """Return one SHA-256 over all trainable weights; the same recipe, model, data and seed give the same."""
    whole = hashlib.sha256()
    for name, weight in sorted(adapted.model.named_parameters()):
        if weight.requires_grad:
            whole.update(f"{name} {digest(weight)}\n".encode())
    return whole.hexdigest()
