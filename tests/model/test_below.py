"""The digest of what decides a layer's input follows the weights below the layer, and those alone."""

import copy

import peft
import pytest
import torch

from harness.model.below import adapted_below, bytes_of, digests_below


def changed(model, name):
    other = copy.deepcopy(model)
    with torch.no_grad():
        other.get_parameter(name).view(-1)[3] += 1.0
    return other


@pytest.mark.parametrize(
    ("name", "differing"),
    [
        ("model.embed_tokens.weight", {1, 2}),
        ("model.layers.0.mlp.up_proj.weight", {1, 2}),
        ("model.layers.1.self_attn.q_proj.weight", {2}),
        ("model.layers.2.self_attn.q_proj.weight", set()),
        ("lm_head.weight", set()),
    ],
)
def test_it_follows_the_weights_that_run_before(tiny, name, differing):
    model = tiny(tie_word_embeddings=False)
    before, after = digests_below(model, {1, 2}), digests_below(changed(model, name), {1, 2})
    assert {layer for layer in (1, 2) if before[layer] != after[layer]} == differing
    assert before[1] != before[2]


def test_a_tied_head_is_the_embedding(tiny):
    model = tiny()
    assert digests_below(model, {1}) != digests_below(changed(model, "lm_head.weight"), {1})


def test_it_follows_the_configuration_but_not_what_a_trainer_sets_there(tiny):
    model = tiny()
    before = digests_below(model, {1})
    model.config.use_cache, model.config.pad_token_id = False, 7
    assert digests_below(model, {1}) == before
    model.config.rms_norm_eps = 1e-3
    assert digests_below(model, {1}) != before


def test_an_adapter_above_changes_nothing_and_one_below_is_named(tiny):
    plain = digests_below(tiny(), {2})
    config = peft.LoraConfig(target_modules=["q_proj"], layers_to_transform=[2, 3], task_type="CAUSAL_LM")
    adapted = peft.get_peft_model(tiny(), config).get_base_model()
    assert digests_below(adapted, {2}) == plain
    assert adapted_below(adapted, 2) is None
    assert adapted_below(adapted, 3) == "model.layers.2.self_attn.q_proj.base_layer"


def test_an_embedding_that_trains_beside_an_adapter_is_named(tiny):
    config = peft.LoraConfig(
        target_modules=["q_proj"], layers_to_transform=[3], modules_to_save=["embed_tokens"], task_type="CAUSAL_LM"
    )
    model = peft.get_peft_model(tiny(tie_word_embeddings=False), config).get_base_model()
    assert adapted_below(model, 3).startswith("model.embed_tokens.")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64, torch.bool])
def test_the_bytes_of_a_tensor_are_its_own_whatever_its_stride(dtype):
    value = torch.tensor([[1, 0, 3], [4, 0, 6]]).to(dtype)
    assert bytes(bytes_of(value.T)) == bytes(bytes_of(value.T.contiguous())) != bytes(bytes_of(value))
