"""Floating-point operations that training takes, by what is trained and where.

A multiplication by a weight matrix is 2 operations a weight and token; its backward pass is as much again for the
gradient of the input, and once more for the gradient of the weight (Kaplan et al. 2020, arXiv 2001.08361, section
2.1). Nothing flows back below the lowest layer that trains, and frozen weights get no gradient: that is why
transformers' 6 × parameters × tokens says the same for every recipe. Attention scores, norms and the output head,
which is used at answer tokens only, are left out; all recipes have them alike.
"""

from peft import PeftModel

from harness.adaptation.adapted import Adapted
from harness.adaptation.count import parameters
from harness.adaptation.decoder import layer_names


def training_flops(adapted: Adapted) -> float:
    """Return the estimated operations a token of training."""
    model = adapted.model
    network = model.get_base_model() if isinstance(model, PeftModel) else model
    sizes = [parameters(network.get_submodule(name)) for name in layer_names(network)]
    inside = [total for _, total in sizes]
    trained = sum(trainable for trainable, _ in sizes)
    lowest = min(adapted.layers, default=0)
    return 2.0 * (sum(inside) + sum(inside[lowest:]) + trained)
