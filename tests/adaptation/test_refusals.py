import re

import pytest

from harness.adaptation import refusals
from harness.spec.records import Bottleneck, Layers, Recipe

TINY = {
    "model_type": "llama", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 4,
    "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 256, "tie_word_embeddings": True,
}  # fmt: skip
LORA = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": "all-linear"}
NF4 = {"load_in_4bit": True}


def recipe(peft=None, **more):
    return Recipe(method="m", name="n", peft=peft, **more)


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (recipe(quantization=NF4), "full fine-tuning cannot train quantized weights"),
        (recipe(bottleneck=Bottleneck(placement="pfeiffer"), quantization=NF4), "need unquantized weights"),
        (recipe(LORA, bottleneck=Bottleneck(placement="pfeiffer")), "a recipe has one method"),
        (recipe({**LORA, "init_lora_weights": "pissa"}, quantization=NF4), "cannot read quantized ones"),
        (recipe(LORA, layers=Layers(strategy="gradient", count=1), quantization=NF4), "quantized ones have none"),
        (recipe({**LORA, "init_lora_weights": "loftq"}), "need a GPU"),
        (recipe({**LORA, "layers_to_transform": [0]}), "no layers_to_transform beside an expression"),
        (
            recipe(
                {**LORA, "target_modules": ["q_proj"], "layers_to_transform": [0]},
                layers=Layers(strategy="first", count=1),
            ),
            "chosen twice",
        ),
        (
            recipe({"peft_type": "PREFIX_TUNING", "num_virtual_tokens": 2}, training={"gradient_checkpointing": True}),
            "gradient checkpointing drops",
        ),
        (recipe({**LORA, "target_modules": ["lm_head"]}), "refuses adapters on lm_head"),
        (recipe({**LORA, "trainable_token_indices": [3]}), "tied"),
        (recipe({"peft_type": "ADAPTION_PROMPT", "adapter_len": 2, "adapter_layers": 2}), "fails under TRL"),
        (recipe({**LORA, "init_lora_weights": "corda", "corda_config": {"cache_file": "c.pt"}}), "does not carry"),
        (recipe({**LORA, "r": 65}), "rank 65 is larger than .*_proj, a matrix of rank 64 at most"),
        (
            recipe({"peft_type": "ADALORA", "init_r": 40, "target_modules": ["k_proj"], "total_step": 9}),
            "rank 40 is larger than k_proj, a matrix of rank 32 at most",
        ),
        (recipe({**LORA, "rank_pattern": {"k_proj": 33}}), "rank 33 is larger than k_proj"),
        (recipe({**LORA, "target_modules": ["query"]}), r"\['query'\] match nothing"),
        (recipe(LORA, layers=Layers(strategy="list", indices=(9,))), r"\[9\] do not exist"),
        (recipe({**LORA, "rank": 3}), "has no fields"),
        (
            recipe({"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 2}, layers=Layers(strategy="last", count=1)),
            "no layers to choose",
        ),
    ],
)
def test_a_recipe_that_cannot_work_is_refused_with_the_reason(refused, words):
    reasons = refusals(refused, TINY, "cpu")
    assert len(reasons) >= 1
    assert any(re.search(words, reason) for reason in reasons), reasons


def test_what_works_is_not_refused():
    assert refusals(recipe(), TINY, "cpu") == []
    assert refusals(recipe(LORA, quantization=NF4), TINY, "cpu") == []
    assert refusals(recipe({**LORA, "r": 32}), TINY, "cuda") == []


def test_every_reason_is_said_at_once():
    both = recipe({**LORA, "init_lora_weights": "loftq", "layers_to_transform": [0]})
    assert len(refusals(both, TINY, "cpu")) == 2


def test_without_a_configuration_what_needs_none_is_still_said():
    assert refusals(recipe(quantization=NF4), None, "cpu")
    assert refusals(recipe({**LORA, "rank": 3}), None, "cpu")
    assert refusals(recipe({**LORA, "r": 4096}), None, "cpu") == []


def test_the_cells_training_fields_count_too():
    prefix = recipe({"peft_type": "PREFIX_TUNING", "num_virtual_tokens": 2})
    assert refusals(prefix, TINY, "cpu") == []
    assert refusals(prefix, TINY, "cpu", training={"gradient_checkpointing": True})
