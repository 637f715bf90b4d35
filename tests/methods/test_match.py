import pytest

from harness.errors import RecipeError
from harness.methods.dry_run import describe, matched, matched_size
from harness.spec.records import Bottleneck, Layers, Match, Recipe

SMOLLM = {
    "model_type": "llama", "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30,
    "num_attention_heads": 9, "num_key_value_heads": 3, "vocab_size": 49152, "tie_word_embeddings": True,
}  # fmt: skip


def lora(name="lora", r=16, alpha=32, **more):
    peft = {"peft_type": "LORA", "r": r, "lora_alpha": alpha, "target_modules": "all-linear", **more.pop("peft", {})}
    return Recipe(method="lora", name=name, peft=peft, **more)


def test_half_the_layers_take_twice_the_rank_and_alpha_follows():
    recipe = lora("half", layers=Layers(strategy="last", fraction=0.5), match=Match(recipe=lora()))
    settled = matched(recipe, SMOLLM)
    assert (settled.peft["r"], settled.peft["lora_alpha"]) == (32, 64)
    assert describe(settled, SMOLLM).trainable == describe(lora(), SMOLLM).trainable


def test_where_no_rank_is_exact_the_nearest_within_tolerance_is_taken():
    layers = Layers(strategy="last", count=23)  # 16 * 30 / 23 = 20.87
    assert matched(lora("most", layers=layers, match=Match(recipe=lora())), SMOLLM).peft["r"] == 21


def test_what_was_settled_is_told_with_whose_parameters_it_fits():
    found = matched_size(lora("half", layers=Layers(strategy="last", fraction=0.5), match=Match(recipe=lora())), SMOLLM)
    goal = describe(lora(), SMOLLM).trainable
    assert (found.r, found.recipe, found.parameters) == (32, "lora--lora", goal)
    assert str(found) == f"r=32 to match lora--lora ({goal:,} parameters)"
    assert matched_size(lora(), SMOLLM) is None
    block = Bottleneck(placement="houlsby")
    wide = matched_size(Recipe(method="b", name="b", bottleneck=block, match=Match(recipe=lora())), SMOLLM)
    assert wide.r is None
    assert str(wide).startswith(f"reduction factor {wide.reduction_factor:.4g} to match lora--lora")


def test_where_none_is_close_enough_the_error_names_the_nearest():
    layers = Layers(strategy="last", count=23)
    recipe = lora("most", layers=layers, match=Match(recipe=lora(), tolerance=0.001))
    with pytest.raises(RecipeError, match=r"the nearest is rank 21 with 4915008 \(\+0\.63%\).*above 0\.00625"):
        matched(recipe, SMOLLM)


def test_a_bottleneck_can_be_matched_too():
    goal = describe(lora(), SMOLLM).trainable
    block = Bottleneck(placement="houlsby")
    recipe = Recipe(method="bottleneck", name="b", bottleneck=block, match=Match(recipe=lora()))
    assert describe(recipe, SMOLLM).trainable == pytest.approx(goal, rel=0.01)


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(method="full", name="f", match=Match(recipe=lora())),
        Recipe(
            method="ia3",
            name="i",
            peft={"peft_type": "IA3", "target_modules": ["k_proj"], "feedforward_modules": []},
            match=Match(recipe=lora()),
        ),
        lora("asymmetric", peft={"rank_pattern": {"q_proj": 4}}, match=Match(recipe=lora())),
    ],
)
def test_a_method_without_one_rank_cannot_be_matched(recipe):
    with pytest.raises(RecipeError, match="match needs a method with one rank"):
        matched(recipe, SMOLLM)
