"""Starting from an adapter that exists: what is refused, what it is continued as, and what it is merged into."""

from dataclasses import replace

import pytest
import torch
from peft import PromptTuningConfig, get_peft_model
from safetensors.torch import load_file

from harness.methods import existing as onto
from harness.methods.adapt import adapt
from harness.methods.incompatibilities import incompatibilities
from harness.methods.starts import continued, misfits, shape_of
from harness.methods.store import load, merge, replay, save, start_folder
from harness.spec.records import Layers, Recipe, Start
from harness.testing.tiny_spec import CONFIG
from helpers.trained_elsewhere import adapter, base, steps

CONTINUE, MERGE = Start(arm="production", then="continue"), Start(arm="production", then="merge")
LORA = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 2, "target_modules": ["q_proj", "v_proj"]}
ALL = Layers()
IDS = torch.arange(3, 19).view(2, 8)


def recipe(start=CONTINUE, *, layers=ALL, quantization=None, **block):
    peft = {**LORA, **block}
    return Recipe(method="lora", name="n", peft=peft, layers=layers, start=start, quantization=quantization)


def said(model):
    with torch.no_grad():
        return model.eval()(input_ids=IDS).logits


def reasons(one, folder):
    return list(misfits(one, folder, lambda: shape_of(one, CONFIG, seed=1)))


@pytest.fixture
def production(tmp_path):
    return adapter(tmp_path / "production", 1)


def test_a_continued_adapter_says_what_it_said_and_trains(production):
    adapted = continued(base(), recipe(), production, seed=1)
    torch.testing.assert_close(said(adapted.model), said(onto.load(base(), "adapter", production)))
    assert not torch.equal(said(adapted.model), said(base()))
    assert adapted.layers == (0, 1)
    assert len(adapted.modules) == 4
    assert adapted.trainable == sum(
        each.numel() for each in load_file(production / "adapter_model.safetensors").values()
    )
    before = said(adapted.model)
    steps(adapted.model.train(), 2)
    assert not torch.equal(said(adapted.model), before)


def test_what_came_of_it_stands_without_the_adapter_that_it_was(production, tmp_path):
    adapted = continued(base(), recipe(), production, seed=1)
    steps(adapted.model.train(), 2)
    save(adapted, tmp_path / "state")
    torch.testing.assert_close(said(load(base(), recipe(), tmp_path / "state").model), said(adapted.model))


def test_the_base_is_adapted_with_the_adapter_merged_into_it(production, tmp_path):
    one, state = recipe(MERGE, r=4), tmp_path / "state"
    adapter(start_folder(state), 1)
    start = replay(base(), one, state, 0)
    torch.testing.assert_close(said(start), said(onto.load(base(), "adapter", production)))
    assert not any("lora" in name for name, _ in start.named_modules())
    adapted = adapt(start, one, seed=1)
    torch.testing.assert_close(said(adapted.model), said(onto.load(base(), "adapter", production)))
    steps(adapted.model.train(), 3)
    save(adapted, state)
    again = load(base(), one, state)
    torch.testing.assert_close(said(again.model), said(adapted.model))
    torch.testing.assert_close(said(merge(again)), said(adapted.model))
    plain = load(base(), replace(one, start=None), state)
    assert (said(plain.model) - said(adapted.model)).abs().max() > 1e-3


OTHERWISE = {
    "another rank": ({"r": 4}, "r is 2 there and 4 in the recipe"),
    "another scaling": ({"lora_alpha": 99}, "lora_alpha is 8 there and 99 in the recipe"),
    "rank-stabilised": ({"use_rslora": True}, "use_rslora is None there and True in the recipe"),
    "other modules": ({"target_modules": ["q_proj", "k_proj"]}, "4 weights missing"),
    "another method": ({"peft_type": "LOHA"}, "it is a LORA adapter, and the recipe trains LOHA"),
}


@pytest.mark.parametrize(("block", "words"), OTHERWISE.values(), ids=OTHERWISE)
def test_a_recipe_that_says_otherwise_continues_another_adapter(production, block, words):
    (reason,) = reasons(recipe(**block), production)
    assert words in reason
    assert '"then": "merge"' in reason
    assert reasons(recipe(MERGE, **block), production) == []


def test_a_recipe_of_fewer_layers_continues_another_adapter(production):
    (reason,) = reasons(recipe(layers=Layers(strategy="last", count=1)), production)
    assert "4 weights without a place in this model" in reason
    assert reasons(recipe(layers=Layers(strategy="list", indices=(0, 1))), production) == []


def test_how_the_adapter_began_and_how_its_modules_are_named_does_not_matter(tmp_path):
    folder = adapter(
        tmp_path / "theirs", 1, init_lora_weights="gaussian", targets=("self_attn.q_proj", "self_attn.v_proj")
    )
    assert reasons(recipe(), folder) == []


def test_virtual_tokens_are_not_merged(tmp_path):
    get_peft_model(base(), PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3)).save_pretrained(tmp_path)
    (reason,) = reasons(recipe(MERGE), tmp_path)
    assert "PROMPT_TUNING changes no weight: there is nothing to merge" in reason


DECLARED = {
    "no adapter": (Recipe(method="full", name="n", start=CONTINUE), "the recipe has no `peft` block"),
    "virtual tokens": (
        Recipe(method="p", name="n", peft={"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 2}, start=CONTINUE),
        "the virtual tokens of PROMPT_TUNING for inference alone",
    ),
    "pruned ranks": (
        Recipe(method="a", name="n", peft={"peft_type": "ADALORA", "total_step": 9}, start=CONTINUE),
        "has pruned its ranks",
    ),
    "a start of its own": (recipe(init_lora_weights="pissa"), "'pissa' says how an adapter begins"),
    "a search for layers": (recipe(layers=Layers(strategy="gradient", count=1)), "'gradient' looks for layers"),
    "merged into quantized weights": (
        recipe(MERGE, quantization={"load_in_4bit": True}),
        "merges an adapter into quantized weights",
    ),
}


@pytest.mark.parametrize(("one", "words"), DECLARED.values(), ids=DECLARED)
def test_what_cannot_start_so_is_told_before_anything_is_loaded(one, words):
    assert any(words in each for each in incompatibilities(one, None, "cpu"))


def test_what_can_is_not_refused():
    for one in (recipe(), recipe(MERGE), Recipe(method="full", name="n", start=MERGE)):
        assert not [each for each in incompatibilities(one, CONFIG, "cpu") if "start" in each]
