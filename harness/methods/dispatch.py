"""From a recipe to the method that carries it out, and what is asked of it about a model at work."""

import functools

from harness.errors import PluginError
from harness.methods._base import Adapted, Method, base_of
from harness.methods.catalogue import method
from harness.methods.traits import method_name
from harness.model.counting import flops_a_token
from harness.registry import Plugin
from harness.spec.records import Recipe


def method_of(recipe: Recipe) -> Method:
    """Return the method of a recipe without stages.

    Raises `PluginError` for a third party's that does not keep the contract, `RecipeError` for one that is not there.
    """
    return _instance(method(method_name(recipe)))


def training_flops(adapted: Adapted) -> float:
    """Return the estimated floating-point operations of training by one token, a virtual one too."""
    unowned = method_of(adapted.recipe).unowned_weights
    return flops_a_token(base_of(adapted.model), adapted.layers, unowned=unowned)


@functools.cache
def _instance(plugin: Plugin) -> Method:
    found = plugin.load()
    if not (isinstance(found, type) and issubclass(found, Method)):
        raise PluginError(f"{plugin} is not a subclass of harness.methods.Method.")
    try:
        return found()
    except TypeError as error:  # abstract functions that are not there, or an __init__ with arguments
        raise PluginError(f"{plugin} cannot be made: {error}.") from error
