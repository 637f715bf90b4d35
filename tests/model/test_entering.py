"""Lower layers are passed over with the outputs of the whole model, and come back as they were."""

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from harness.model.decoder import layer_names
from harness.model.entering import entering, passed_over
from helpers.architectures import ARCHITECTURES


def made(family, **changes):
    torch.manual_seed(0)
    config = {**ARCHITECTURES[family], **changes}
    return AutoModelForCausalLM.from_config(AutoConfig.for_model(config.pop("model_type"), **config)).eval()


def stack(model):
    return [model.get_submodule(name) for name in layer_names(model)]


IDS = torch.arange(3, 19).reshape(2, 8)


@torch.inference_mode()
@pytest.mark.parametrize("family", ARCHITECTURES)
def test_what_enters_a_layer_is_all_that_it_takes_from_those_below(family):
    model = made(family)
    layers = stack(model)
    with entering(layers, [1]) as entered:
        plain = model(input_ids=IDS, use_cache=False).logits
    with torch.no_grad():
        for weight in layers[0].parameters():
            weight.fill_(torch.nan)  # whoever computes with them is found out
    with passed_over(layers, 1, entered.hidden[1], members=entered.members):
        assert torch.equal(model(input_ids=IDS, use_cache=False).logits, plain)
    assert model(input_ids=IDS, use_cache=False).logits.isnan().any()


@torch.inference_mode()
def test_layers_come_back_after_an_error_with_a_forward_of_their_own():
    model = made("llama")
    layers = stack(model)

    def own(hidden_states, **_):
        return hidden_states + 1.0

    layers[0].forward = own
    before = model(input_ids=IDS).logits
    with (
        pytest.raises(RuntimeError, match="size"),
        passed_over(layers, 1, torch.zeros(2, 8, 3), members=None),
    ):
        model(input_ids=IDS)
    assert layers[0].forward is own
    assert "forward" not in layers[1].__dict__
    assert torch.equal(model(input_ids=IDS).logits, before)
