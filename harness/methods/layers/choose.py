"""A recipe's strategy is asked for layers and held to its contract."""

import math

from transformers import PreTrainedModel

from harness.errors import PluginError, RecipeError
from harness.methods import catalogue
from harness.methods.batches import Batches
from harness.methods.layers._base import Choice, LayerStrategy, Request
from harness.methods.layers.shared import SharedProbes
from harness.model.decoder import layer_names
from harness.spec.records import Layers, Recipe


def choose_layers(
    model: PreTrainedModel,
    recipe: Recipe,
    *,
    seed: int,
    batches: Batches | None = None,
    probes: SharedProbes | None = None,
) -> Choice | None:
    """Return the recipe's choice of decoder layers, None where it adapts all.

    `seed` is the cell's, `batches` start a pass over the batches that rank layers, `probes` hold what other recipes
    measured of the same model. Raises as `select` does.
    """
    if recipe.layers.strategy == "all":
        return None
    total = len(layer_names(model))
    request = Request(
        layers=recipe.layers,
        total=total,
        count=layer_count(recipe.layers, total),
        seed=seed if recipe.layers.seed is None else recipe.layers.seed,
        probe_batches=recipe.probe_batches,
        model=model,
        batches=batches,
        probes=probes,
    )
    return select(request)


def known_layers(layers: Layers, total: int) -> tuple[int, ...] | None:
    """Return the layers that a block chooses out of `total` whatever the seed and the data; None where these decide.

    Raises as `select` does.
    """
    if strategy(layers.strategy).reads_data or depends_on_seed(layers):
        return None
    return select(Request(layers=layers, total=total, count=layer_count(layers, total), seed=layers.seed or 0)).indices


def depends_on_seed(layers: Layers) -> bool:
    """Tell whether a cell's seed may have a say in which layers a block chooses, without looking at data."""
    return layers.seed is None and (layers.strategy == "random" or layers.plugin is not None)


def select(request: Request) -> Choice:
    """Return the strategy's choice, in ascending order.

    Raises `RecipeError` for an unknown strategy and for a choice outside the model's layers, with repetitions,
    or of another size than was asked for.
    """
    choice = strategy(request.layers.strategy).choose(request)
    indices = tuple(sorted(choice.indices))
    _refuse_outside(indices, request)
    if len(set(indices)) != len(indices):
        raise RecipeError(f"layers {list(indices)} name a layer twice.")
    if len(indices) != request.count:
        raise RecipeError(f"the strategy {request.layers.strategy!r} chose {len(indices)} layers, not {request.count}.")
    return Choice(indices, choice.probe)


def strategy(name: str) -> LayerStrategy:
    """Return a strategy by name; a bare function is one that reads neither weights nor data.

    Raises `RecipeError` for a name that is not registered, naming the nearest that is, and `PluginError` for a third
    party's that cannot be called.
    """
    plugin = catalogue.strategy(name)
    found = plugin.load()
    if isinstance(found, LayerStrategy):
        return found
    if not callable(found):
        raise PluginError(f"{plugin} is neither a function nor a harness.methods.LayerStrategy.")
    return LayerStrategy(choose=found)


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
