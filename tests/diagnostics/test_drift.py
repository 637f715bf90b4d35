"""Attention, representations and firing after known changes: none, a permuted head, chosen units, noise."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from harness.codec import decode
from harness.diagnostics.activations import Activations, nonlinearities
from harness.diagnostics.attention import Attention, _distance
from harness.diagnostics.representation import Representation, linear_cka
from harness.measured import ActivationShift, AttentionDrift, RepresentationDrift
from harness.model.shapes import empty_model
from harness.spec.records import Layers, Recipe
from harness.testing.diagnostics import DiagnosticContract
from harness.testing.tiny import tiny_probes
from helpers.architectures import ARCHITECTURES
from helpers.changed import drawn, follow_change, swapped

LAYER, WIDTH = 1, 16
FULL = Recipe(method="full", name="two", layers=Layers(strategy="list", indices=(LAYER,)))
PROBES = tiny_probes()
DOMAINS = ("in_domain", "out_of_domain")
PROMPTS = {
    "prompt": {"peft_type": "PROMPT_TUNING", "task_type": "CAUSAL_LM", "num_virtual_tokens": 3},
    "prefix": {"peft_type": "PREFIX_TUNING", "task_type": "CAUSAL_LM", "num_virtual_tokens": 3},
}


def follow(diagnostic, model, folder, change=lambda adapted: None):
    return follow_change(diagnostic, model, FULL, folder, change, PROBES)


def layer(model):
    return getattr(model, "gpt_neox", None).layers[LAYER] if hasattr(model, "gpt_neox") else model.model.layers[LAYER]


def permute_heads(adapted):
    """Put the first two heads of a layer, which share keys and values where heads do, in each other's place."""
    here = layer(adapted.model)
    fused = hasattr(here, "attention")
    into, out = (
        (here.attention.query_key_value, here.attention.dense)
        if fused
        else (here.self_attn.q_proj, here.self_attn.o_proj)
    )
    width = 3 * WIDTH if fused else WIDTH
    into.weight.copy_(swapped(into.weight.clone(), width))
    if into.bias is not None:
        into.bias.copy_(swapped(into.bias.clone(), width))
    out.weight.copy_(swapped(out.weight.clone(), WIDTH, dim=1))


def add_noise(adapted):
    for weight in layer(adapted.model).parameters():
        if weight.dim() == 2:
            weight.add_(0.1 * drawn(*weight.shape))


def test_nothing_moves_in_an_identical_model(build, tmp_path):
    attention = decode(AttentionDrift, follow(Attention(), build(), tmp_path).details)
    states = decode(RepresentationDrift, follow(Representation(), build(), tmp_path).details)
    firing = decode(ActivationShift, follow(Activations(), build(), tmp_path).details)
    for domain in DOMAINS:
        assert attention.domains[domain].distance == (0.0,) * 3
        assert attention.domains[domain].entropy == attention.domains[domain].entropy_base
        assert states.domains[domain].cka == pytest.approx((1.0,) * 3, abs=1e-9)
        assert (firing.domains[domain].moved, firing.domains[domain].most) == (0, ())
    assert firing.shared is None
    assert (attention.computed, attention.otherwise) == ("eager", "sdpa")


def test_a_permuted_head_moves_its_maps_and_nothing_else(build, tmp_path):
    measured = follow(Attention(), build(), tmp_path, permute_heads)
    arrays = load_file(tmp_path / measured.arrays)
    for domain in DOMAINS:
        distance = arrays[f"{domain}.distance"]
        assert distance.shape == (3, 4)
        moved = distance[LAYER]
        assert moved[0] == pytest.approx(float(moved[1]), abs=1e-6)
        assert moved[0] > 0.05
        assert distance[0].max() == 0
        assert torch.cat([moved[2:], distance[2]]).max() < 1e-3
        before, after = arrays[f"{domain}.entropy_base"][LAYER], arrays[f"{domain}.entropy"][LAYER]
        assert torch.allclose(after[[1, 0, 2, 3]], before, atol=1e-5)
    found = decode(AttentionDrift, measured.details)
    assert found.domains["in_domain"].farthest[0] == LAYER
    assert found.domains["in_domain"].farthest[1] in {0, 1}
    assert found.domains["in_domain"].queries == 9 + 7 - 2
    assert measured.value == pytest.approx(float(arrays["in_domain.distance"].mean()), abs=1e-6)
    states = decode(RepresentationDrift, follow(Representation(), build(), tmp_path, permute_heads).details)
    assert all(states.domains[domain].cka == pytest.approx((1.0,) * 3, abs=1e-6) for domain in DOMAINS)


def test_noise_moves_all_from_its_layer_on_and_nothing_below(build, tmp_path):
    attention = decode(AttentionDrift, follow(Attention(), build(), tmp_path, add_noise).details)
    states = decode(RepresentationDrift, follow(Representation(), build(), tmp_path, add_noise).details)
    firing = decode(ActivationShift, follow(Activations(), build(), tmp_path, add_noise).details)
    for domain in DOMAINS:
        distance, cka = attention.domains[domain].distance, states.domains[domain].cka
        assert distance[0] == 0
        assert all(0.01 < each < 1 for each in distance[LAYER:])
        assert cka[0] == pytest.approx(1, abs=1e-9)
        assert all(0.1 < each < 0.9999 for each in cka[LAYER:])
        assert firing.domains[domain].share[0] == 0
        assert 0 < firing.domains[domain].share[LAYER] < 1
    assert 0 < firing.shared < 1


def test_the_units_that_were_changed_are_named(build, tmp_path):
    """Units that nothing reads are turned around, so that no other unit notices."""
    model, diagnostic = build(), Activations(by=0.05)
    fused = hasattr(layer(model), "attention")
    mlp = layer(model).mlp
    into, out = (mlp.dense_h_to_4h, mlp.dense_4h_to_h) if fused else (mlp.gate_proj, mlp.down_proj)
    with torch.no_grad():
        out.weight[:, [3, 50]] = 0
        if fused:
            into.bias[[3, 50]] = 0
    diagnostic.begin(FULL, FULL, PROBES)
    diagnostic.before(model, {})
    rates = {domain: diagnostic._base[domain][LAYER, [3, 50]] for domain in DOMAINS}

    def turn(adapted):
        into.weight[[3, 50]] *= -1

    measured = follow(diagnostic, model, tmp_path, turn)
    arrays = load_file(tmp_path / measured.arrays)
    found = decode(ActivationShift, measured.details)
    for domain in DOMAINS:
        change = arrays[f"{domain}.tuned"] - arrays[f"{domain}.base"]
        assert torch.allclose(arrays[f"{domain}.tuned"][LAYER, [3, 50]], 1 - rates[domain].float())
        change[LAYER, [3, 50]] = 0
        assert change.abs().max() == 0
        expected = {unit for unit, rate in zip((3, 50), rates[domain], strict=True) if abs(1 - 2 * rate) > 0.05}
        assert {(each.layer, each.unit) for each in found.domains[domain].most} == {(LAYER, unit) for unit in expected}
        assert found.domains[domain].moved == len(expected)


def test_distances_of_maps_with_a_known_answer():
    apart = np.array([[[1.0, 0.0, 0.0]]]), np.array([[[0.0, 0.5, 0.5]]])
    assert _distance(*apart) == pytest.approx(1)
    assert _distance(apart[0], apart[0]) == 0
    to_virtual = np.array([[[0.5, 0.5, 0.0, 0.0]]])  # a key before the text's takes half
    half = 0.5 * (np.log2(1 / 0.75) + 0.5 * np.log2(0.5 / 0.75) + 0.5 * np.log2(0.5 / 0.25))
    assert _distance(apart[0], to_virtual) == pytest.approx(half**0.5)


@pytest.mark.parametrize("tokens", [20, 200], ids=["fewer tokens than features", "more"])
def test_linear_cka_knows_rotations_scales_and_the_unrelated(tokens):
    states = drawn(tokens, 40)
    rotation = torch.linalg.qr(drawn(40, 40, seed=1)).Q
    assert linear_cka(states, 3 * states @ rotation + 5) == pytest.approx(1, abs=1e-6)
    assert linear_cka(states, drawn(tokens, 40, seed=2)) < 0.8
    mixed = states + drawn(tokens, 40, seed=3)
    mine, theirs = (each.double() - each.double().mean(dim=0) for each in (states, mixed))
    shared, own = (theirs.T @ mine).norm() ** 2, (mine.T @ mine).norm() * (theirs.T @ theirs).norm()
    assert linear_cka(states, mixed) == pytest.approx(float(shared / own))
    assert linear_cka(torch.ones(tokens, 4), torch.ones(tokens, 4)) == 1


def test_what_has_no_one_nonlinearity_a_layer_is_refused():
    assert len(nonlinearities(empty_model(ARCHITECTURES["phi3"]))) == 2
    (reason,) = Activations().check(None, ARCHITECTURES["mixtral"])
    assert "model.layers.0 has not one feed-forward block with one nonlinearity that every token passes" in reason
    assert list(Attention().check(None, ARCHITECTURES["gpt_neox"])) == []


@pytest.mark.parametrize("kind", PROMPTS)
def test_virtual_tokens_take_attention_from_the_text(tiny, tmp_path, kind):
    recipe = Recipe(method=kind, name="n", peft=PROMPTS[kind])
    measured = follow_change(Attention(), tiny(), recipe, tmp_path, probes=PROBES)
    found = decode(AttentionDrift, measured.details)
    assert all(0 < each < 1 for each in found.domains["out_of_domain"].distance)
    states = decode(
        RepresentationDrift, follow_change(Representation(), tiny(), recipe, tmp_path, probes=PROBES).details
    )
    assert states.domains["in_domain"].tokens == 9 + 7 - 2


class TestContract(DiagnosticContract):
    @pytest.fixture(params=[Attention, Representation, Activations], ids=lambda each: each.name)
    def make(self, request):
        return request.param


class TestContractOfPrompts(DiagnosticContract):
    @pytest.fixture(params=[Attention, Representation, Activations], ids=lambda each: each.name)
    def make(self, request):
        return request.param

    @pytest.fixture
    def recipe(self):
        return Recipe(method="prefix", name="contract", peft=PROMPTS["prefix"])
