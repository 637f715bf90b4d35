"""Bytes of the base's weights, against what bitsandbytes makes of the tiny model."""

import math

import bitsandbytes
import pytest
import torch

from harness.methods.adapt import adapt
from harness.model.counting import base_bytes, held_bytes, parameters
from harness.spec.records import Recipe
from helpers.quantized import KINDS, loaded_as

LORA = Recipe(method="lora", name="all", peft={"peft_type": "LORA", "r": 4, "target_modules": "all-linear"})
SOME = [None, "nf4", "double", "int8"]


def stored(model):
    seen = {id(weight): weight for weight in model.parameters()}.values()
    total = sum(weight.numel() * weight.element_size() for weight in seen)
    states = [weight.quant_state for weight in seen if isinstance(weight, bitsandbytes.nn.Params4bit)]
    for state in states:
        total += state.absmax.numel() * state.absmax.element_size()
        if state.nested:
            total += state.state2.absmax.numel() * state.state2.absmax.element_size()
    return total


@pytest.mark.parametrize("kind", SOME)
def test_the_bytes_are_those_of_a_loaded_model(tiny, tmp_path, kind):
    model, quantization = loaded_as(kind, tiny(), tmp_path), KINDS.get(kind)
    config = tiny().config.to_dict()
    assert base_bytes(config, 4, quantization) == pytest.approx(stored(model), rel=0.01)
    assert (base_bytes(config, 4, quantization) < 4 * parameters(tiny())[1]) == (quantization is not None)


def scales(kind, rows, columns):
    """A float32 for 64 weights, or of these a byte and a float32 for 256, with an offset; and what codes stand for."""
    blocks = rows * columns // 64
    return {
        None: 0,
        "nf4": 4 * blocks + 4 * 16,
        "double": blocks + 4 * math.ceil(blocks / 256) + 4 + 4 * 256 + 4 * 16,
        "int8": 4 * rows,
    }[kind]


@pytest.mark.parametrize("kind", SOME)
def test_what_a_model_holds_has_the_scales_of_quantized_weights(tiny, tmp_path, kind):
    model = loaded_as(kind, tiny(), tmp_path)
    shapes = [each.weight.shape for each in tiny().model.layers.modules() if isinstance(each, torch.nn.Linear)]
    held = model.get_memory_footprint() + sum(scales(kind, *shape) for shape in shapes)
    assert held_bytes(model) == held
    model(input_ids=torch.tensor([[3, 4, 5]]))  # of 8 bits the scales lie elsewhere from then on
    assert held_bytes(model) == held
    adapted = adapt(model, LORA, seed=0).model  # its layers answer for those that they wrap
    held += sum(weight.nbytes for weight in adapted.parameters() if weight.requires_grad)
    assert held_bytes(adapted) == held
