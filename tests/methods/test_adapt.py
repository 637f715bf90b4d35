import copy

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, GPTNeoXConfig, GraniteConfig, MixtralConfig

from harness.errors import RecipeError
from harness.methods.adapt import adapt
from harness.methods.store import load, merge, save
from harness.spec.records import Layers, Recipe

LORA = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 4, "lora_alpha": 8, "target_modules": "all-linear"}


def recipe(peft=None, **rest):
    return Recipe(method="lora" if peft else "full", name="test", peft=peft, **rest)


def logits(model):
    ids = torch.arange(3, 19).reshape(2, 8)
    with torch.no_grad():
        return model.eval()(input_ids=ids).logits


def nudge(model):
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.requires_grad:
                weight.add_(0.05 * torch.randn(weight.shape, generator=generator))


def test_full_fine_tuning_trains_every_weight(tiny):
    adapted = adapt(tiny(), recipe(), seed=1)
    assert adapted.trainable == adapted.total
    assert adapted.layers == (0, 1, 2, 3)


def test_full_fine_tuning_of_layers_freezes_the_rest(tiny):
    adapted = adapt(tiny(), recipe(layers=Layers(strategy="first", count=2)), seed=1)
    trains = {name for name, weight in adapted.model.named_parameters() if weight.requires_grad}
    assert trains == {
        name for name, _ in adapted.model.named_parameters() if name.startswith(("model.layers.0.", "model.layers.1."))
    }
    assert adapted.layers == (0, 1)


def test_lora_is_restricted_to_the_chosen_layers_even_for_all_linear(tiny):
    adapted = adapt(tiny(), recipe(LORA, layers=Layers(strategy="last", fraction=0.5)), seed=1)
    assert isinstance(adapted.model, PeftModel)
    assert adapted.layers == (2, 3)
    assert len(adapted.modules) == 2 * 7
    assert "lm_head" not in adapted.modules


def test_lora_by_regular_expression_can_be_restricted_too(tiny):
    peft = {**LORA, "target_modules": r".*\.(q|v)_proj"}
    adapted = adapt(tiny(), recipe(peft, layers=Layers(strategy="list", indices=(-1,))), seed=1)
    assert adapted.modules == ("model.layers.3.self_attn.q_proj", "model.layers.3.self_attn.v_proj")


def test_the_adapters_first_values_follow_from_the_seed(tiny):
    def weights(seed):
        model = adapt(tiny(), recipe(LORA), seed=seed).model
        return {name: weight.clone() for name, weight in model.named_parameters() if weight.requires_grad}

    first, again, other = weights(1), weights(1), weights(2)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_a_module_that_matches_nothing_is_refused_with_the_names_there_are(tiny):
    peft = {**LORA, "target_modules": ["q_proj", "query_key_value"]}
    with pytest.raises(RecipeError, match=r"\['query_key_value'\] match nothing.*self_attn\.k_proj"):
        adapt(tiny(), recipe(peft), seed=1)


@pytest.mark.parametrize(
    ("peft", "words"),
    [
        ({**LORA, "peft_type": "LORAX"}, "'LORAX' is unknown"),
        ({**LORA, "rank": 4}, r"has no fields \['rank'\]"),
        ({**LORA, "layers_to_transform": [0]}, "PEFT refuses"),
    ],
)
def test_a_block_that_peft_cannot_read_is_refused(tiny, peft, words):
    with pytest.raises(RecipeError, match=words):
        adapt(tiny(), recipe(peft), seed=1)


@pytest.mark.parametrize("peft", [None, LORA])
def test_outputs_are_the_same_after_saving_and_loading(tiny, tmp_path, peft):
    adapted = adapt(tiny(), recipe(peft, layers=Layers(strategy="last", count=1)), seed=1)
    nudge(adapted.model)
    save(adapted, tmp_path)
    loaded = load(tiny(), recipe(peft), tmp_path)
    assert torch.equal(logits(adapted.model), logits(loaded.model))
    assert not torch.equal(logits(loaded.model), logits(tiny()))


NEOX = GPTNeoXConfig(vocab_size=64, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4)
MIXTRAL = MixtralConfig(
    vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, num_local_experts=3,
)  # fmt: skip


@pytest.mark.parametrize("config", [NEOX, MIXTRAL], ids=["neox", "mixtral"])
def test_full_weights_come_back_where_files_have_other_names(tmp_path, config):
    model = AutoModelForCausalLM.from_config(config).eval()
    fresh = copy.deepcopy(model)
    adapted = adapt(model, recipe(layers=Layers(strategy="last", count=1)), seed=1)
    nudge(adapted.model)
    save(adapted, tmp_path)
    assert torch.equal(logits(load(fresh, recipe(), tmp_path).model), logits(adapted.model))
    other = copy.copy(config)
    other.num_hidden_layers = 3
    with pytest.raises(RecipeError, match="holds the weights of another model"):
        load(AutoModelForCausalLM.from_config(other), recipe(), tmp_path)


@pytest.mark.parametrize("block", [{"peft_type": "IA3"}, {"peft_type": "LORA", "r": 2}])
def test_a_block_without_modules_takes_pefts_own(tiny, block):
    assert len(adapt(tiny(), recipe(block), seed=1).modules) >= 2 * 4


def test_a_method_without_modules_of_its_own_is_told_to_name_them():
    granite = GraniteConfig(hidden_size=32, intermediate_size=48, num_hidden_layers=1, num_attention_heads=4)
    with pytest.raises(RecipeError, match=r"target_modules is absent and PEFT has no default.*`modules`"):
        adapt(AutoModelForCausalLM.from_config(granite), recipe({"peft_type": "IA3"}), seed=1)


@pytest.mark.parametrize("peft", [None, LORA])
def test_a_folder_without_safetensors_is_refused(tiny, tmp_path, peft):
    (tmp_path / "adapter_model.bin").write_bytes(b"anything")
    with pytest.raises(RecipeError, match="holds no"):
        load(tiny(), recipe(peft), tmp_path)


@pytest.mark.filterwarnings("ignore:.*lora_bias")
def test_what_peft_cannot_merge_is_refused_with_its_reason(tiny):
    block = {"peft_type": "LORA", "r": 2, "target_modules": ["q_proj"], "lora_bias": True}
    adapted = adapt(tiny(), Recipe(method="lora", name="bias", peft=block), seed=0)
    with pytest.raises(RecipeError, match=r"lora--bias: PEFT cannot merge it: .*lora_bias"):
        merge(adapted)


def test_memory_that_ran_out_in_merging_is_no_adapter_that_peft_cannot_merge(tiny, monkeypatch):
    def ran_out(**_):
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes.")

    adapted = adapt(tiny(), recipe(LORA), seed=0)
    monkeypatch.setattr(adapted.model, "merge_and_unload", ran_out)
    with pytest.raises(RuntimeError, match="can't allocate memory"):
        merge(adapted)
