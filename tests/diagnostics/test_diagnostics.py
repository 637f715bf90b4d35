from dataclasses import replace

import pytest
import torch
from transformers import BitsAndBytesConfig, LlamaForCausalLM

from harness import diagnostics
from harness.diagnostics.rank import singular_values
from harness.methods.adapt import adapt
from harness.spec.records import Layers, Recipe

LORA = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "down_proj"]}
IDS = {"input_ids": torch.arange(3, 19).reshape(2, 8), "attention_mask": torch.ones(2, 8, dtype=torch.long)}


def recipe(peft=LORA, **more):
    return Recipe(method="m", name="n", peft=peft, **more)


def fill(adapted, name, rows):
    """Make B of every module use `rows` independent directions."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight_name, weight in adapted.model.named_parameters():
            if name in weight_name:
                weight.zero_()
                weight[:, :rows] = torch.randn(weight.shape[0], rows, generator=generator)


def test_a_changed_frozen_weight_is_found_and_named(tiny):
    model = tiny()
    before = diagnostics.base_digest(model)
    adapted = adapt(model, recipe(), seed=0)
    assert diagnostics.base_unchanged(before, adapted).passed
    with torch.no_grad():
        adapted.model.get_base_model().model.layers[1].self_attn.q_proj.base_layer.weight[0, 0] += 1e-6
    guard = diagnostics.base_unchanged(before, adapted)
    assert not guard.passed
    assert guard.details["changed"] == ["model.layers.1.self_attn.q_proj.weight"]


def test_weights_that_train_are_not_held_against_the_base(tiny):
    model = tiny()
    before = diagnostics.base_digest(model)
    adapted = adapt(model, recipe(None, layers=Layers(strategy="last", count=1)), seed=0)
    with torch.no_grad():
        model.model.layers[3].mlp.up_proj.weight.add_(1)
    assert diagnostics.base_unchanged(before, adapted).passed
    with torch.no_grad():
        model.model.layers[0].mlp.up_proj.weight.add_(1)
    assert not diagnostics.base_unchanged(before, adapted).passed


def test_a_frozen_adapter_is_found(tiny):
    adapted = adapt(tiny(), recipe(), seed=0)
    assert diagnostics.modules_adapted(adapted).passed
    adapted.model.get_base_model().model.layers[2].self_attn.q_proj.requires_grad_(False)
    guard = diagnostics.modules_adapted(adapted)
    assert not guard.passed
    assert guard.details["idle"] == ["model.layers.2.self_attn.q_proj"]


def test_a_wrong_number_of_trainable_parameters_is_found(tiny):
    adapted = adapt(tiny(), recipe(), seed=0)
    assert diagnostics.trainable_as_expected(adapted).passed
    assert not diagnostics.trainable_as_expected(replace(adapted, trainable=adapted.trainable + 1)).passed


@pytest.mark.parametrize(
    "peft",
    [
        {"peft_type": "LOKR", "r": 2, "target_modules": ["q_proj"]},
        {"peft_type": "PREFIX_TUNING", "num_virtual_tokens": 2, "prefix_projection": True, "encoder_hidden_size": 8},
        {**LORA, "modules_to_save": ["norm"]},
    ],
)
def test_a_method_without_a_formula_is_compared_on_bare_shapes(tiny, peft):
    adapted = adapt(tiny(), recipe(peft), seed=0)
    guard = diagnostics.trainable_as_expected(adapted)
    assert guard.passed
    assert guard.details["by"] == "shapes"
    assert not diagnostics.trainable_as_expected(replace(adapted, trainable=adapted.trainable + 1)).passed


def test_an_adapter_that_learnt_nothing_is_found(tiny):
    base = diagnostics.logits(tiny(), IDS)
    adapted = adapt(tiny(), recipe(), seed=0)
    assert not diagnostics.outputs_differ(base, diagnostics.logits(adapted.model, IDS)).passed
    fill(adapted, "lora_B", 4)
    assert diagnostics.outputs_differ(base, diagnostics.logits(adapted.model, IDS)).passed


def test_outputs_that_are_no_numbers_do_not_pass(tiny):
    base = diagnostics.logits(tiny(), IDS)
    guard = diagnostics.outputs_differ(base, base * float("nan"))
    assert not guard.passed
    assert guard.details == {"largest_difference": None, "finite": False}


def test_logits_are_those_after_each_rows_last_token(tiny):
    model = tiny()
    padded = {**IDS, "attention_mask": IDS["attention_mask"].clone()}
    padded["attention_mask"][1, 5:] = 0
    alone = diagnostics.logits(model, {name: value[1:, :5] for name, value in IDS.items()})
    torch.testing.assert_close(diagnostics.logits(model, padded)[1], alone[0], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("directions", [0, 1, 3, 4])
def test_the_directions_that_a_lora_uses_are_counted(tiny, directions):
    adapted = adapt(tiny(), recipe(), seed=0)
    fill(adapted, "lora_B", directions)
    ranks = diagnostics.effective_ranks(adapted)
    assert len(ranks) == 8
    assert {each.above for each in ranks} == {directions}
    assert all(directions - 1 < each.effective <= directions for each in ranks) or directions == 0
    assert diagnostics.ranks_alive(adapted).passed == (directions > 1)


@pytest.mark.parametrize(("kept", "passed"), [(8, True), (5, True), (0, False)])
def test_a_module_that_adalora_gave_no_rank_has_not_collapsed(tiny, kept, passed):
    ranks = {"init_r": 4, "target_r": 2, "total_step": 10}
    allotting = {"peft_type": "ADALORA", "target_modules": LORA["target_modules"], **ranks}
    adapted = adapt(tiny(), recipe(allotting), seed=0)
    fill(adapted, "lora_B", 4)
    values = [weight for name, weight in adapted.model.named_parameters() if "lora_E" in name]
    assert len(values) == 8
    with torch.no_grad():
        for place, weight in enumerate(values):
            weight.fill_(1.0 if place < kept else 0.0)
    found = diagnostics.ranks_alive(adapted)
    assert found.passed is passed
    without = len(found.details["pruned"] if passed else found.details["collapsed"])
    assert without == 8 - kept


def test_effective_rank_of_equal_directions_is_their_number(tiny):
    adapted = adapt(tiny(), recipe(), seed=0)
    with torch.no_grad():
        for name, weight in adapted.model.named_parameters():
            if "lora_" in name:
                weight.copy_(torch.eye(*weight.shape))
    assert all(each.effective == pytest.approx(4) for each in diagnostics.effective_ranks(adapted))


def test_singular_values_are_those_of_the_large_product():
    generator = torch.Generator().manual_seed(1)
    up, down = torch.randn(30, 4, generator=generator), torch.randn(4, 20, generator=generator)
    expected = torch.linalg.svdvals((up @ down).double())[:4]
    torch.testing.assert_close(singular_values(up, down), expected, rtol=1e-5, atol=1e-6)


def test_methods_without_b_and_a_have_no_rank_to_watch(tiny):
    assert diagnostics.ranks_alive(adapt(tiny(), recipe(None), seed=0)).passed is None


def test_the_start_follows_the_seed(tiny):
    digests = [diagnostics.start_digest(adapt(tiny(), recipe(), seed=seed)) for seed in (1, 1, 2)]
    assert digests[0] == digests[1] != digests[2]


def test_a_quantized_base_is_recognised_however_its_kernels_lay_it_out(tiny, tmp_path):
    tiny().save_pretrained(tmp_path)
    model = LlamaForCausalLM.from_pretrained(
        tmp_path, quantization_config=BitsAndBytesConfig(load_in_4bit=True), device_map={"": "cpu"}
    )
    before = diagnostics.base_digest(model)
    diagnostics.logits(model, IDS)  # the first use may lay the weights out anew
    adapted = adapt(model, recipe(), seed=0)
    assert diagnostics.base_unchanged(before, adapted).passed
    weight = model.model.layers[0].mlp.up_proj.weight
    weight.data.view(torch.uint8).reshape(-1)[0] ^= 1
    assert not diagnostics.base_unchanged(before, adapted).passed
