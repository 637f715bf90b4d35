"""Layers drawn at random: the control that tells a clever choice from any choice of the same size."""

import numpy as np

from harness.adaptation.layers.contract import Choice, Request


def sampled(request: Request) -> Choice:
    """Choose `count` layers without replacement; the seed alone decides which."""
    rng = np.random.default_rng(request.seed)
    return Choice(tuple(int(index) for index in rng.choice(request.total, size=request.count, replace=False)))
