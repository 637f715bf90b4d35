"""Ask the recipe's strategy for layers and hold it to its contract."""

import math

from harness.adaptation.layers.contract import Choice, Request
from harness.adaptation.layers.registry import strategy
from harness.errors import RecipeError
from harness.spec.records import Layers


def select(request: Request) -> Choice:
    """Return the strategy's choice, in ascending order.

    Raises `RecipeError` for an unknown strategy and for a choice outside the model's layers, with repetitions,
    or of another size than was asked for.
    """
    choice = strategy(request.layers.strategy)(request)
    indices = tuple(sorted(choice.indices))
    _refuse_outside(indices, request)
    if len(set(indices)) != len(indices):
        raise RecipeError(f"layers {list(indices)} name a layer twice.")
    if len(indices) != request.count:
        raise RecipeError(f"the strategy {request.layers.strategy!r} chose {len(indices)} layers, not {request.count}.")
    return Choice(indices, choice.probe)


def layer_count(layers: Layers, total: int) -> int:
    """Return how many of `total` layers the block asks for.

    A fraction is rounded to the nearest whole number, halves up, and never to none. Raises `RecipeError` when
    it asks for none or for more than there are.
    """
    count = _declared_count(layers, total)
    if not 1 <= count <= total:
        raise RecipeError(f"layers asks for {count} layers, the model has {total}. Ask for 1 to {total}.")
    return count


def _declared_count(layers: Layers, total: int) -> int:
    if layers.indices is not None:
        return len(layers.indices)
    if layers.count is not None:
        return layers.count
    if layers.fraction is None:
        return total
    if not 0 < layers.fraction <= 1:
        raise RecipeError(f"layers.fraction is {layers.fraction:g}. It lies above 0 and is at most 1.")
    return max(1, math.floor(layers.fraction * total + 0.5))


def _refuse_outside(indices: tuple[int, ...], request: Request) -> None:
    outside = [index for index in indices if not 0 <= index < request.total]
    if outside:
        raise RecipeError(
            f"layers {outside} do not exist: the model has {request.total} layers, 0 to {request.total - 1}."
        )
