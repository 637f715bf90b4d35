"""Every shipped recipe on every architecture: on shapes alone, with nothing downloaded and nothing trained."""

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from harness.errors import RecipeError
from harness.methods.adapt import adapt
from harness.methods.dry_run import describe
from harness.methods.incompatibilities import incompatibilities
from harness.spec.records import Layers, Recipe
from helpers.architectures import ARCHITECTURES
from methods.test_shipped_recipes import RECIPES, shipped

FUSED = ("phi3", "gpt2", "gpt_neox", "falcon", "mpt")
UNGATED = ("phi", "gpt2", "gptj", "gpt_neox", "falcon", "mpt", "opt")
REFUSED = {
    **{(f"{method}--default", "gpt2"): "Conv1D" for method in ("loha", "lokr", "oft")},
    ("dora--default", "mixtral"): "does not work with use_dora=True",
}
"""What PEFT has no implementation for."""
LORA = {"peft_type": "LORA", "r": 4, "lora_alpha": 8}
EVERYWHERE = Layers()


LEFT_OUT = "of the experts are left out"
NOTES = {
    **{("lora--qv", kind): {"k adapted too"} for kind in FUSED},
    **{("ia3--default", kind): {"q adapted too"} for kind in FUSED},
    **{("vera--default", kind): {"k and v adapted too"} for kind in FUSED},
    **{(f"{method}--default", "mixtral"): {LEFT_OUT} for method in ("ia3", "loha", "lokr", "oft")},
    **{("lora--production", kind): {"in place of a gate"} for kind in UNGATED},
    ("lora--production", "phi3"): {"up adapted too"},
    ("lora--production", "mixtral"): {"up adapted too", LEFT_OUT},
}
"""What is said of recipes that come to more or less than they ask for."""


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_every_shipped_recipe_works_on_it_or_is_refused_by_what_peft_lacks(kind):
    config, seen = ARCHITECTURES[kind], {}
    for name in sorted(RECIPES):
        recipe = shipped(name)
        same = repr((recipe.peft, recipe.modules, recipe.bottleneck, recipe.layers, recipe.match, recipe.stages))
        if same in seen:  # learning rates and probes do not matter on shapes
            continue
        seen[same] = name
        if (name, kind) in REFUSED:
            with pytest.raises(RecipeError, match=REFUSED[name, kind]):
                describe(recipe, config)
            continue
        described = describe(recipe, config)
        expected = NOTES.get((name, kind), set())
        assert len(described.notes) == len(expected), (name, described.notes)
        assert all(any(words in note for note in described.notes) for words in expected), (name, described.notes)


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_roles_share_a_layer_out_among_them(kind):
    def modules(*roles, layers=EVERYWHERE):
        return set(describe(Recipe(method="m", name="n", peft=LORA, modules=roles, layers=layers), config).modules)

    config = ARCHITECTURES[kind]
    attention, mlp, every = modules("attention"), modules("mlp"), modules("all-linear")
    assert attention | mlp == every
    assert not attention & mlp
    assert modules("qkv") | modules("o") == attention
    assert modules("gate", "down", *(["up"] if kind not in UNGATED else [])) == mlp
    last = modules("all-linear", layers=Layers(strategy="last", count=1))
    assert len(last) * 2 == len(every)


@pytest.mark.parametrize("kind", ["llama", "phi3", "mixtral", "gpt2", "falcon", "mpt"])
def test_a_rank_by_role_is_that_of_its_modules(kind):
    config = ARCHITECTURES[kind]
    block = {**LORA, "rank_pattern": {"mlp": 8}, "alpha_pattern": {"mlp": 16}}

    def trainable(peft, *roles):
        return describe(Recipe(method="m", name="n", peft=peft, modules=roles), config).trainable

    assert trainable(block, "all-linear") == trainable(LORA, "attention") + 2 * trainable(LORA, "mlp")


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", ["llama", "gpt2", "mixtral", "falcon", "mpt"])
@pytest.mark.parametrize("name", ["lora--mlp", "ia3--default", "prefix--default", "prefix--mlp"])
def test_what_is_described_trains(kind, name):
    config = ARCHITECTURES[kind]
    known = AutoConfig.for_model(kind, **{key: value for key, value in config.items() if key != "model_type"})
    adapted = adapt(AutoModelForCausalLM.from_config(known), shipped(name), seed=1)
    assert adapted.trainable == describe(shipped(name), config).trainable
    ids = torch.arange(3, 19).reshape(2, 8)
    adapted.model(input_ids=ids, attention_mask=torch.ones_like(ids), labels=ids).loss.backward()
    trained = [weight for weight in adapted.model.parameters() if weight.requires_grad]
    assert any(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in trained)


def test_a_role_that_an_architecture_has_nothing_for_is_refused_with_what_it_has():
    mamba = {"model_type": "mamba", "hidden_size": 32, "num_hidden_layers": 2, "vocab_size": 64}
    (reason,) = incompatibilities(Recipe(method="m", name="n", peft=LORA, modules=("attention",)), mamba, "cpu")
    assert 'modules "attention"' in reason
    assert "in_proj, x_proj, dt_proj, out_proj" in reason
    only = Recipe(method="m", name="n", peft={"peft_type": "LOHA"}, modules=("mlp",))
    (reason,) = incompatibilities(only, ARCHITECTURES["mixtral"], "cpu")
    assert "hold all experts in one parameter, and LOHA adapts modules only" in reason


def test_parameters_of_experts_keep_to_the_chosen_layers():
    recipe = Recipe(
        method="m", name="n", peft={**LORA, "target_modules": "all-linear"}, layers=Layers(strategy="last", count=1)
    )
    whole = Recipe(method="m", name="n", peft={**LORA, "target_modules": "all-linear"})
    half, full = (describe(each, ARCHITECTURES["mixtral"]) for each in (recipe, whole))
    assert half.layers == (1,)
    assert 2 * half.trainable == full.trainable
