"""Layers named one by one."""

from harness.adaptation.layers.contract import Choice, Request
from harness.errors import RecipeError


def listed(request: Request) -> Choice:
    """Choose the declared `indices`; a negative one counts from the end.

    Raises `RecipeError` without `indices`.
    """
    declared = request.layers.indices
    if declared is None:
        raise RecipeError('layers.strategy "list" needs layers.indices, for instance [0, 1, -1].')
    return Choice(tuple(index + request.total if -request.total <= index < 0 else index for index in declared))
