"""Bytes of the base's weights, against what bitsandbytes makes of the tiny model."""

import bitsandbytes
import pytest
import torch
from transformers import BitsAndBytesConfig, LlamaForCausalLM

from harness.model.counting import base_bytes, parameters


def stored(model):
    seen = {id(weight): weight for weight in model.parameters()}.values()
    total = sum(weight.numel() * weight.element_size() for weight in seen)
    states = [weight.quant_state for weight in seen if isinstance(weight, bitsandbytes.nn.Params4bit)]
    for state in states:
        total += state.absmax.numel() * state.absmax.element_size()
        if state.nested:
            total += state.state2.absmax.numel() * state.state2.absmax.element_size()
    return total


@pytest.mark.parametrize(
    "quantization",
    [
        None,
        {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4"},
        {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": True},
        {"load_in_8bit": True},
    ],
    ids=["plain", "nf4", "double", "int8"],
)
def test_the_bytes_are_those_of_a_loaded_model(tiny, tmp_path, quantization):
    tiny().save_pretrained(tmp_path)
    extra = {} if quantization is None else {"device_map": {"": "cpu"}}
    if quantization is not None:
        extra["quantization_config"] = BitsAndBytesConfig(**quantization)
    model = LlamaForCausalLM.from_pretrained(tmp_path, dtype=torch.float32, **extra)
    config = tiny().config.to_dict()
    assert base_bytes(config, 4, quantization) == pytest.approx(stored(model), rel=0.01)
    assert (base_bytes(config, 4, quantization) < 4 * parameters(tiny())[1]) == (quantization is not None)
