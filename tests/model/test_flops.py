"""Estimated operations a token, against counts by hand on the tiny model: 4 layers of 64 features."""

import pytest

from harness.methods.adapt import adapt
from harness.methods.dispatch import training_flops
from harness.methods.traits import traits
from harness.model.counting import weights_met
from harness.spec.records import Bottleneck, Layers, Recipe

ATTENTION, MLP = 2 * 64 * 64 + 2 * 64 * 32, 3 * 64 * 128
LAYER = ATTENTION + MLP + 2 * 64
Q = {"target_modules": ["q_proj"]}


def flops(tiny, peft=None, **more):
    return training_flops(adapt(tiny(), Recipe(method="m", name="n", peft=peft, **more), seed=0))


def test_full_fine_tuning_is_six_operations_a_weight(tiny):
    assert flops(tiny) == 6 * 4 * LAYER


def test_nothing_flows_back_below_the_lowest_layer_that_trains(tiny):
    layers = Layers(strategy="last", count=1)
    assert flops(tiny, layers=layers) == 2 * 4 * LAYER + 2 * LAYER + 2 * LAYER


def test_lora_pays_for_its_own_matrices_and_for_no_gradient_of_the_base(tiny):
    adapter = 4 * (64 + 64)
    assert flops(tiny, {"peft_type": "LORA", "r": 4, **Q}) == 4 * (4 * (LAYER + adapter) + 2 * adapter)


@pytest.mark.filterwarnings("ignore:Model has `tie_word_embeddings=True`")
def test_embeddings_that_train_are_below_every_layer(tiny):
    peft = {"peft_type": "LORA", "r": 4, **Q, "layers_to_transform": [3], "modules_to_save": ["embed_tokens"]}
    adapter = 4 * (64 + 64)
    assert flops(tiny, peft) == 2 * (4 * LAYER + adapter) * 2 + 2 * adapter


def test_a_bottleneck_adapter_pays_as_what_it_is(tiny):
    block = Bottleneck(placement="pfeiffer", reduction_factor=8)
    adapter = 2 * 64 * 8 + 64 + 8
    assert flops(tiny, bottleneck=block) == 4 * (4 * (LAYER + adapter) + 2 * adapter)


def test_veras_shared_matrices_are_multiplied_by_in_every_module(tiny):
    vectors, shared = 4 + 64, 4 * (64 + 64)
    assert flops(tiny, {"peft_type": "VERA", "r": 4, **Q}) == 4 * (4 * (LAYER + vectors + shared) + 2 * vectors)


@pytest.mark.parametrize(
    ("peft", "expected"),
    [
        (None, 0),
        ({"peft_type": "LORA", "r": 4}, 0),
        ({"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 20}, 20),
        ({"peft_type": "P_TUNING", "num_virtual_tokens": 20}, 20),
        ({"peft_type": "PREFIX_TUNING", "num_virtual_tokens": 20}, 0),
    ],
)
def test_virtual_tokens_lengthen_an_example_but_a_prefix_does_not(peft, expected):
    assert traits(Recipe(method="m", name="n", peft=peft)).added_tokens == expected


def test_a_token_meets_the_experts_that_it_is_sent_to():
    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = {"model_type": "mixtral", **sizes, "num_key_value_heads": 2, "vocab_size": 100, "num_local_experts": 8}
    router = 64 * 8
    for used in (2, 8):
        layer, head = weights_met({**config, "num_experts_per_tok": used})
        assert layer == ATTENTION + used * MLP + router + 2 * 64
        assert head == 64 * 100
