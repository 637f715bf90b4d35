"""The layers whose weights have the largest norm; only modules whose names contain `part` count."""

import torch

from harness.errors import RecipeError
from harness.methods import Choice, LayerStrategy
from harness.model.decoder import layer_names


def largest_norms(request):
    if request.model is None:
        raise RecipeError("the layer strategy `weightiest` reads the model's weights and was given no model.")
    part = request.layers.options.get("part", "")
    norms = [norm(request.model.get_submodule(name), part) for name in layer_names(request.model)]
    ranked = sorted(range(request.total), key=lambda layer: (-norms[layer], layer))
    return Choice(tuple(ranked[: request.count]))


def norm(layer, part):
    squares = [weight.detach().double().square().sum() for name, weight in layer.named_parameters() if part in name]
    return float(sum(squares, torch.tensor(0.0)))


WEIGHTIEST = LayerStrategy(choose=largest_norms, reads_data=True)
