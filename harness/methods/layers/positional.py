"""Layers chosen by where they are in the stack, or at random: no strategy here looks at the model."""

import numpy as np

from harness.errors import RecipeError
from harness.methods.layers._base import Choice, Request


def everything(request: Request) -> Choice:
    """Choose all layers."""
    return Choice(tuple(range(request.total)))


def first(request: Request) -> Choice:
    """Choose the `count` layers nearest the input."""
    return Choice(tuple(range(request.count)))


def last(request: Request) -> Choice:
    """Choose the `count` layers nearest the output."""
    return Choice(tuple(range(request.total - request.count, request.total)))


def middle(request: Request) -> Choice:
    """Choose `count` adjacent layers, one more left out above them than below where the rest is odd."""
    start = (request.total - request.count) // 2
    return Choice(tuple(range(start, start + request.count)))


def every(request: Request) -> Choice:
    """Choose `count` layers at even distances from layer 0: a fraction of 0.5 is every second one."""
    return Choice(tuple(place * request.total // request.count for place in range(request.count)))


def listed(request: Request) -> Choice:
    """Choose the declared `indices`; a negative one counts from the end.

    Raises `RecipeError` without `indices`.
    """
    declared = request.layers.indices
    if declared is None:
        raise RecipeError('layers.strategy "list" needs layers.indices, for instance [0, 1, -1].')
    return Choice(tuple(index + request.total if -request.total <= index < 0 else index for index in declared))


def sampled(request: Request) -> Choice:
    """Choose `count` layers without replacement; the seed alone decides which.

    This is the control that tells a clever choice from any choice of the same size.
    """
    rng = np.random.default_rng(request.seed)
    return Choice(tuple(int(index) for index in rng.choice(request.total, size=request.count, replace=False)))
