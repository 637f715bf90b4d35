import pytest

from harness.errors import RecipeError
from harness.methods.adapt import adapt
from harness.methods.dry_run import describe
from harness.spec.records import Layers, Recipe

LLAMA_3B = {
    "model_type": "llama", "hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 28,
    "num_attention_heads": 24, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 128256,
    "tie_word_embeddings": True,
}  # fmt: skip
QV = {"peft_type": "LORA", "r": 32, "lora_alpha": 64, "target_modules": ["q_proj", "v_proj"]}


def recipe(peft=None, **more):
    return Recipe(method="m", name="n", peft=peft, **more)


def test_a_model_is_described_without_being_loaded():
    described = describe(recipe(QV), LLAMA_3B)
    assert described.trainable == 28 * 32 * ((3072 + 3072) + (3072 + 1024)) == 9_175_040
    assert described.total - described.trainable == 3_212_749_824  # Llama-3.2-3B
    assert (described.layer_count, described.total_layers) == (28, 28)


def test_layers_that_only_data_can_tell_are_counted_but_not_named():
    described = describe(recipe(QV, layers=Layers(strategy="gradient", fraction=0.5)), LLAMA_3B)
    assert described.layers is None
    assert described.layer_count == 14


def test_the_description_is_that_of_the_model_that_is_then_adapted(tiny):
    layers = Layers(strategy="random", count=2)
    model = tiny()
    described = describe(recipe(QV | {"r": 2}, layers=layers), model.config.to_dict(), seed=5)
    adapted = adapt(model, recipe(QV | {"r": 2}, layers=layers), seed=5)
    assert described.layers == adapted.layers
    assert described.modules == adapted.modules
    assert (described.trainable, described.total) == (adapted.trainable, adapted.total)


def test_an_unknown_architecture_is_a_users_error():
    with pytest.raises(RecipeError, match="cannot build a model"):
        describe(recipe(), {"model_type": "lama"})
