"""Which models share prompts, by their configuration."""

import pytest

from harness.evaluation.obstacles import obstacle


def test_an_ordinary_decoder_has_no_obstacle(random_model):
    assert obstacle(random_model("llama"), longest=10_000) is None


def test_a_window_is_no_obstacle_where_it_holds_the_longest_row(random_model):
    model = random_model("mistral", sliding_window=64)
    assert obstacle(model, longest=64) is None
    assert obstacle(model, longest=65) == "attention window of 64 tokens, longest row 65"


def test_a_declared_but_unused_window_is_no_obstacle(random_model):
    model = random_model("qwen2", sliding_window=64, use_sliding_window=False)
    assert obstacle(model, longest=1000) is None


@pytest.mark.parametrize("kind", ["flash_attention_2", "flex_attention"])
def test_attention_without_a_block_mask_is_named(kind, random_model):
    model = random_model("llama")
    model.config._attn_implementation_internal = kind
    assert obstacle(model, longest=10) == f"{kind} attention takes no block mask"


def test_layers_of_an_unknown_kind_are_named(random_model):
    model = random_model("qwen3")
    model.config.layer_types = ["full_attention", "linear_attention", "full_attention"]
    assert obstacle(model, longest=10) == "layers of type linear_attention"


def test_rotary_positions_that_follow_the_batch_are_named(random_model):
    parameters = {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0}
    model = random_model("llama", rope_parameters=parameters)
    assert obstacle(model, longest=10) == "dynamic rotary positions depend on the batch"


def test_an_encoder_decoder_is_named():
    from transformers import T5Config, T5ForConditionalGeneration

    config = T5Config(vocab_size=30, d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2)
    assert obstacle(T5ForConditionalGeneration(config), longest=10) == "encoder-decoder model"
