"""Learned gains on what one linear module of every chosen layer puts out; they start at 1."""

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from harness.errors import RecipeError
from harness.methods import Adapted, Method, saved_file
from harness.model.decoder import layer_names

WEIGHTS = "gains.safetensors"


class Scaled(nn.Module):
    """A linear module whose output is multiplied by trained gains."""

    def __init__(self, base_layer):  # the base's weights are recognised under this name
        super().__init__()
        self.base_layer = base_layer
        self.gain = nn.Parameter(torch.ones_like(base_layer.weight[:, 0]))

    def forward(self, hidden):
        return self.base_layer(hidden) * self.gain


class Gains(Method):
    def apply(self, model, recipe, choice, context):
        names = layer_names(model)
        layers = range(len(names)) if choice is None else choice.indices
        return insert(model, recipe, [f"{names[layer]}.{recipe.plugin.options['module']}" for layer in layers])

    def save(self, adapted, folder):
        save_file({name: adapted.model.get_submodule(name).gain.detach() for name in adapted.modules}, folder / WEIGHTS)

    def load(self, model, recipe, folder):
        gains = load_file(saved_file(folder, WEIGHTS))
        adapted = insert(model.eval(), recipe, sorted(gains, key=[name for name, _ in model.named_modules()].index))
        for name in adapted.modules:
            model.get_submodule(name).gain.data.copy_(gains[name])
        return adapted

    def merge(self, adapted):
        for name in adapted.modules:
            scaled = adapted.model.get_submodule(name)
            scaled.base_layer.weight.data.mul_(scaled.gain.data[:, None])
            adapted.model.set_submodule(name, scaled.base_layer)
        return adapted.model

    def expected_parameters(self, adapted):
        return sum(adapted.model.get_submodule(name).base_layer.out_features for name in adapted.modules)


def insert(model, recipe, names):
    """Freeze the model and put gains on the modules of these names."""
    model.requires_grad_(False)
    for name in names:
        try:
            model.set_submodule(name, Scaled(model.get_submodule(name)))
        except AttributeError as error:
            raise RecipeError(f"{recipe.id}: this model has no module {name}.") from error
    return Adapted.of(model, recipe, tuple(names))
