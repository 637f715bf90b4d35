"""What trains is in float32 whatever the model's dtype, and what is served in that dtype, whatever trained."""

import pytest
import torch
from peft import LNTuningConfig, LoraConfig, VeraConfig, get_peft_model

from harness.model.precision import computing, has_bfloat16, keep_masters, serve, served, trained_dtype, usable_dtype
from harness.testing.tiny import tiny_model

pytestmark = pytest.mark.filterwarnings("ignore:Unsupported layer type:UserWarning")

IDS = torch.arange(3, 19).reshape(2, 8)
ADAPTERS = {
    "lora": LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM"),
    "norms": LNTuningConfig(target_modules=["input_layernorm"], task_type="CAUSAL_LM"),
    "vera": VeraConfig(r=4, target_modules=["q_proj"], task_type="CAUSAL_LM"),
}


def half(kind=None):
    model = tiny_model()
    for weight in model.parameters():  # what `from_pretrained` casts
        weight.data = weight.data.bfloat16()
    return model if kind is None else get_peft_model(model, ADAPTERS[kind])


def dtypes(model):
    return {weight.dtype for weight in model.parameters()}


def test_tied_weights_that_train_stay_tied_and_frozen_ones_stay_small():
    model = half()
    model.requires_grad_(requires_grad=False)
    model.model.embed_tokens.requires_grad_(requires_grad=True)
    keep_masters(model)
    assert model.lm_head.weight is model.model.embed_tokens.weight
    assert dtypes(model) == {torch.float32, torch.bfloat16}
    assert trained_dtype(model) == "float32"
    torch.testing.assert_close(model.model.embed_tokens.weight, half().model.embed_tokens.weight.float())


@pytest.mark.parametrize("kind", ADAPTERS)
def test_an_adapter_trains_in_float32_on_its_half_precision_base_and_is_served_as_that(kind):
    model = half(kind)
    keep_masters(model)
    assert trained_dtype(model) == "float32"
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with served(model, "bfloat16"):
        assert dtypes(model) == {torch.bfloat16}
        assert torch.isfinite(model(input_ids=IDS).logits).all()  # nothing is left that does not multiply
    after = model.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert {after[name].dtype for name in after} == {value.dtype for value in before.values()}


def test_rotary_frequencies_are_not_rounded():
    model = half("lora")
    serve(model, "bfloat16")
    assert model.get_base_model().model.rotary_emb.inv_freq.dtype == torch.float32


def test_in_float32_nothing_is_done():
    model = get_peft_model(tiny_model(), ADAPTERS["lora"])
    before = [weight.data_ptr() for weight in model.parameters()]
    keep_masters(model)
    serve(model, "float32")
    with computing(model):
        assert not torch.is_autocast_enabled("cpu")
    assert [weight.data_ptr() for weight in model.parameters()] == before


def test_a_model_of_two_dtypes_computes_in_the_smaller_one():
    model = half("norms")
    keep_masters(model)
    with pytest.raises(RuntimeError):
        model(input_ids=IDS)
    with torch.no_grad(), computing(model):
        assert torch.is_autocast_enabled("cpu")
        assert torch.isfinite(model(input_ids=IDS).logits).all()


@pytest.mark.parametrize(
    ("device", "has", "used"), [("cuda", True, "bfloat16"), ("cuda", False, "float16"), ("cpu", False, "bfloat16")]
)
def test_a_gpu_without_bfloat16_computes_in_float16(monkeypatch, device, has, used):
    asked = []
    monkeypatch.setattr("torch.cuda.is_bf16_supported", lambda **options: asked.append(options) or has)
    assert usable_dtype("bfloat16", device) == used
    assert usable_dtype("float32", device) == "float32"
    assert has_bfloat16(device) is (used == "bfloat16")
    assert all(options == {"including_emulation": False} for options in asked)
