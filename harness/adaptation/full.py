"""Full fine-tuning, of every weight or of some layers' weights only."""

from torch import nn
from transformers import PreTrainedModel

from harness.model.decoder import layer_names


def train_everything(model: PreTrainedModel) -> None:
    """Let every weight train."""
    model.requires_grad_(requires_grad=True)


def train_layers(model: PreTrainedModel, layers: tuple[int, ...]) -> None:
    """Let the weights of the decoder layers `layers` train and freeze all others, embeddings and head too."""
    model.requires_grad_(requires_grad=False)
    names = layer_names(model)
    for layer in layers:
        model.get_submodule(names[layer]).requires_grad_(requires_grad=True)


def trained_modules(model: nn.Module) -> tuple[str, ...]:
    """Return the names of the modules that own a weight that trains (one shared by two counts for the first)."""
    owners = (name.rpartition(".")[0] for name, weight in model.named_parameters() if weight.requires_grad)
    return tuple(dict.fromkeys(owners))
