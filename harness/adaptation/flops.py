"""Floating-point operations that training takes, by what is trained and where.

A multiplication by a weight matrix is 2 operations a weight and token; its backward pass is as much again for the
gradient of the input, and once more for the gradient of the weight (Kaplan et al. 2020, arXiv 2001.08361, section
2.1). Nothing flows back below the lowest layer that trains, and frozen weights get no gradient: that is why
transformers' 6 × parameters × tokens says the same for every recipe. Virtual tokens that lengthen an example are read
with it. Attention scores, norms and the output head, which is used at answer tokens only, are left out, which all
recipes have alike; so is what LoHa, LoKr and OFT spend once a step on making their weights.
"""

from peft import PeftModel
from peft.tuners.vera import VeraLayer
from torch import nn

from harness.adaptation.adapted import Adapted
from harness.model.counting import flops_a_token
from harness.spec.records import Recipe


def virtual_tokens(recipe: Recipe) -> int:
    """Return by how many tokens the recipe lengthens every example; a prefix's are keys and values only."""
    block = recipe.peft or {}
    return 0 if block.get("peft_type") == "PREFIX_TUNING" else int(block.get("num_virtual_tokens") or 0)


def training_flops(adapted: Adapted) -> float:
    """Return the estimated operations a token of training, a virtual one's too."""
    model = adapted.model
    network = model.get_base_model() if isinstance(model, PeftModel) else model
    return flops_a_token(network, adapted.layers, unowned=_shared)


def _shared(layer: nn.Module) -> int:
    """Return the weights that a layer multiplies by and that are no parameters of it: VeRA's random matrices."""
    return sum(
        rank * (module.in_features + module.out_features)
        for module in layer.modules()
        if isinstance(module, VeraLayer)
        for rank in module.r.values()
    )
