import pytest
import torch
from transformers import BitsAndBytesConfig, LlamaForCausalLM

from harness._compat.bitsandbytes import keep_stored_layout
from harness.errors import RecipeError, TrainingError
from harness.methods.layers._base import Request
from harness.methods.layers.choose import select
from harness.methods.layers.gradient import _squared, gradient_norms
from harness.spec.records import Layers


def take(batches, count):
    return [batch for batch, _ in zip(batches(), range(count), strict=False)]


def naive_norms(model, batches, layers=4):
    sums = [0.0] * layers
    for batch in batches:
        model.zero_grad()
        model(**batch).loss.backward()
        for layer in range(layers):
            squares = [weight.grad.double().pow(2).sum() for weight in model.model.layers[layer].parameters()]
            sums[layer] += float(sum(squares)) ** 0.5
    return sums


def test_gradients_that_are_no_numbers_rank_nothing(tiny, batches):
    model = tiny()
    torch.nn.init.constant_(model.model.layers[1].mlp.up_proj.weight, float("nan"))
    request = Request(
        layers=Layers(strategy="gradient", count=2), total=4, count=2, seed=0, model=model, batches=batches
    )
    with pytest.raises(TrainingError, match="is not finite before training") as stopped:
        select(request)
    assert stopped.value.kind == "non_finite_loss"


@pytest.mark.parametrize("chunk", [1, 3, 8, None])
def test_norms_are_those_of_a_plain_backward_pass_whatever_the_chunk(tiny, batches, chunk):
    taken = take(batches, 3)
    assert gradient_norms(tiny(), taken, chunk=chunk).tolist() == pytest.approx(naive_norms(tiny(), taken), rel=1e-5)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_on_a_half_precision_base_the_norms_are_those_of_float32_but_for_rounding(tiny, batches, dtype):
    taken = take(batches, 3)
    norms = gradient_norms(tiny().to(dtype), taken)
    assert norms.tolist() == pytest.approx(naive_norms(tiny(), taken), rel=0.02)


def test_the_layers_with_the_largest_norms_are_chosen_and_the_cost_recorded(tiny, batches):
    layers = Layers(strategy="gradient", fraction=0.5)
    choice = select(Request(layers=layers, total=4, count=2, seed=0, model=tiny(), batches=batches))
    norms = naive_norms(tiny(), take(batches, 5))
    assert set(choice.indices) == set(sorted(range(4), key=norms.__getitem__)[2:])
    assert choice.probe.batches == 5
    assert choice.probe.seconds > 0
    assert choice.probe.scores == pytest.approx([norm / sum(norms) for norm in norms], rel=1e-5)


def test_a_layer_made_sensitive_is_chosen(tiny, batches):
    model = tiny()
    with torch.no_grad():  # a large gain before the matrices makes their gradients large
        model.model.layers[1].input_layernorm.weight.mul_(30)
        model.model.layers[1].post_attention_layernorm.weight.mul_(30)
    layers = Layers(strategy="gradient", count=1)
    assert select(Request(layers=layers, total=4, count=1, seed=0, model=model, batches=batches)).indices == (1,)


def test_the_model_is_left_as_it_was(tiny, batches):
    model = tiny().train()
    model.model.embed_tokens.weight.requires_grad_(False)
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    gradient_norms(model, take(batches, 2), chunk=2)
    assert model.training
    assert all(torch.equal(weight, before[name]) and weight.grad is None for name, weight in model.named_parameters())
    assert [n for n, w in model.named_parameters() if not w.requires_grad] == ["model.embed_tokens.weight"]


def test_too_little_data_is_refused(tiny, batches):
    request = Request(
        layers=Layers(strategy="gradient", count=1),
        total=4,
        count=1,
        seed=0,
        model=tiny(),
        batches=batches,
        probe_batches=9,
    )
    with pytest.raises(RecipeError, match="reads 9 training batches, the data has 8"):
        select(request)


def quantized(model, folder, **how):
    model.save_pretrained(folder)
    config = BitsAndBytesConfig(**how)
    packed = LlamaForCausalLM.from_pretrained(
        folder, dtype=torch.float32, quantization_config=config, device_map={"": "cpu"}
    )
    keep_stored_layout(packed)
    return packed.eval()


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("chunk", [1, None])
def test_a_4_bit_base_ranks_by_the_gradient_of_the_weights_that_it_stands_for(tiny, batches, tmp_path, chunk):
    from bitsandbytes.functional import dequantize_4bit

    how = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": torch.float32}
    packed, plain, taken = quantized(tiny(), tmp_path, **how), tiny(), take(batches, 3)
    with torch.no_grad():
        for name, module in packed.named_modules():
            state = getattr(getattr(module, "weight", None), "quant_state", None)
            if state is not None:
                plain.get_submodule(name).weight.copy_(dequantize_4bit(module.weight.data, state))
    before = {name: weight.requires_grad for name, weight in packed.named_parameters()}
    found = gradient_norms(packed, taken, chunk=chunk)
    assert found.tolist() == pytest.approx(naive_norms(plain, taken), rel=1e-3)
    assert {name: weight.requires_grad for name, weight in packed.named_parameters()} == before
    assert not any(module._forward_hooks for name, module in packed.named_modules() if "layers" in name)


@pytest.mark.parametrize("tokens", [3, 40])
def test_a_matrix_gradients_norm_is_the_same_either_way(tokens):
    torch.manual_seed(0)
    x, g = torch.randn(2, tokens, 5), torch.randn(2, tokens, 7)
    weight = torch.zeros(7, 5, requires_grad=True)
    (torch.nn.functional.linear(x, weight) * g).sum().backward()
    assert float(_squared(x, g)) == pytest.approx(float(weight.grad.square().sum()), rel=1e-4)
