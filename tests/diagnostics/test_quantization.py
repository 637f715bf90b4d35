"""What quantizing did to the base's matrices, against what bitsandbytes gives back, on three architectures."""

from dataclasses import replace

import pytest
import torch
from bitsandbytes import functional

from harness.codec import decode
from harness.diagnostics import Probes
from harness.diagnostics.probes import probes_of
from harness.diagnostics.quantization import QuantizationError
from harness.diagnostics.updates import each_matrix
from harness.measured import Quantization
from harness.methods.adapt import adapt
from harness.spec import load
from harness.spec.records import Model, Recipe
from harness.testing.diagnostics import DiagnosticContract
from helpers.changed import subject_of
from helpers.quantized import KINDS, loaded_as

LORA = Recipe(
    method="lora",
    name="all",
    peft={"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 4, "target_modules": "all-linear"},
)


@pytest.fixture
def quantized(tmp_path):
    """Return a function that gives a model back as it is loaded with a kind of quantization."""

    return lambda model, kind: loaded_as(kind, model, tmp_path / "base")


def taken(model, build, folder):
    diagnostic = QuantizationError()
    diagnostic.begin(LORA, LORA, Probes(unquantized=build))
    diagnostic.before(model, {})
    return diagnostic.after(subject_of(adapt(build(), LORA, seed=0), folder))


@pytest.mark.parametrize("kind", ["nf4", "fp4"])
def test_the_error_is_that_of_quantizing_each_matrix(build, quantized, tmp_path, kind):
    measured = taken(quantized(build(), kind), build, tmp_path)
    found = decode(Quantization, measured.details)
    errors, norms = [], []
    for each in found.modules:
        weight = build().get_submodule(each.module).weight.detach()
        packed, state = functional.quantize_4bit(weight, quant_type=kind, blocksize=64)
        back = functional.dequantize_4bit(packed, state)
        errors.append((back - weight).norm() ** 2)
        norms.append(weight.norm() ** 2)
        assert each.error == pytest.approx(float((errors[-1] / norms[-1]).sqrt()), rel=1e-4)
        assert (each.weights, each.bytes) == (weight.numel(), weight.numel() // 2 + 4 * (weight.numel() // 64) + 4 * 16)
    assert measured.value == found.error == pytest.approx(float((sum(errors) / sum(norms)).sqrt()), rel=1e-4)
    assert len(found.modules) == len(adapt(build(), LORA, seed=0).modules)


def test_what_the_codes_can_say_is_kept_and_what_they_cannot_is_named(build, quantized, tmp_path):
    """Of weights that are 1 or -1 nothing is lost in 4 bits, and of one matrix with others something is."""

    def planted():
        model = build()
        names = [each.module for each in decode(Quantization, first.details).modules]
        with torch.no_grad():
            for name in names:
                weight = model.get_submodule(name).weight
                weight.copy_(weight.sign() if name != names[3] else weight)
        return model

    first = taken(quantized(build(), "nf4"), build, tmp_path)
    found = decode(Quantization, taken(quantized(planted(), "nf4"), planted, tmp_path).details)
    assert found.farthest == found.modules[3]
    assert found.modules[3].error == decode(Quantization, first.details).modules[3].error > 0.05
    assert {each.error for each in found.modules} == {0.0, found.modules[3].error}


def test_eight_bits_lose_less_than_four_and_scales_count(tiny, quantized, tmp_path):
    found = {kind: decode(Quantization, taken(quantized(tiny(), kind), tiny, tmp_path).details) for kind in KINDS}
    assert 0 < found["int8"].error < found["nf4"].error / 5 < found["nf4"].error < found["fp4"].error
    assert found["nf4"].error == pytest.approx(found["double"].error, rel=0.05)
    sizes = {kind: each.bytes_a_weight for kind, each in found.items()}
    assert 0.5 < sizes["nf4"] < 0.7
    assert 1 < sizes["int8"] < 1.1


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_that_was_looked_at_trains_as_one_that_was_not(tiny, quantized, batches, tmp_path, kind):
    def losses(model):
        adapted = adapt(model, LORA, seed=0).model
        optimizer = torch.optim.SGD([each for each in adapted.parameters() if each.requires_grad], lr=0.1)
        for batch, _ in zip(batches(), range(3), strict=False):
            loss = adapted(**batch).loss
            loss.backward()
            optimizer.step()
            yield loss.item()

    looked, other = (quantized(tiny(), kind) for _ in range(2))
    for model in (looked, other):
        model(**next(batches()))  # as the guards do first; what 8 bits need lies elsewhere from then on
    taken(looked, tiny, tmp_path)
    assert [*losses(looked)] == [*losses(other)]


def test_eight_bits_are_given_back_as_bitsandbytes_does(tiny, quantized):
    model = quantized(tiny(), "int8")
    scales = {name: module.weight.SCB for name, module in model.named_modules() if hasattr(module, "state")}
    for _ in range(2):
        for name, matrix in each_matrix(model):
            weight = model.get_submodule(name).weight
            assert torch.allclose(matrix, functional.int8_vectorwise_dequant(weight.data, scales[name]), rtol=1e-6)
        model(input_ids=torch.tensor([[3, 4, 5]]))


def test_a_base_as_it_is_has_no_error_and_is_not_loaded_again(tiny, tmp_path):
    def never():
        raise AssertionError

    diagnostic = QuantizationError()
    diagnostic.begin(LORA, LORA, Probes(unquantized=never))
    diagnostic.before(tiny(), {})
    measured = diagnostic.after(subject_of(adapt(tiny(), LORA, seed=0), tmp_path))
    assert (measured.value, measured.details) == (None, {"reason": "the base is not quantized"})


def test_the_base_is_loaded_as_the_experiment_declares_it(tiny, tiny_spec, tokenizer, tmp_path):
    model = tiny()
    model.save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    declared = replace(load(tiny_spec), model=Model(source="path", path=str(tmp_path / "model"), dtype="float32"))
    state = torch.random.get_rng_state()
    loaded = probes_of(QuantizationError().asks_for(), declared, LORA, tokenizer).unquantized()
    assert torch.equal(torch.random.get_rng_state(), state)
    weights = dict(loaded.named_parameters())
    assert all(torch.equal(weights[name], weight) for name, weight in model.named_parameters())


def test_an_experiment_without_a_quantized_base_is_refused(tiny_spec):
    whole = load(tiny_spec)
    four = replace(LORA, name="four", quantization=KINDS["nf4"])
    assert [*QuantizationError().check(replace(whole, recipes=(LORA,)), None)]
    assert [*QuantizationError().check(replace(whole, recipes=(LORA, four)), None)] == []


class TestContract(DiagnosticContract):
    @pytest.fixture
    def make(self):
        return QuantizationError
