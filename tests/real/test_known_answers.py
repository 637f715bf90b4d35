"""Diagnostics on the embedded model after changes made by hand, so that what they should find is known."""

import copy

import pytest
import torch
from safetensors.torch import load_file

from harness import spec
from harness.codec import decode
from harness.diagnostics.activations import Activations
from harness.diagnostics.attention import Attention
from harness.diagnostics.representation import Representation
from harness.diagnostics.spectrum import Spectra
from harness.measured import ActivationShift, AttentionDrift, RepresentationDrift, Spectrum
from harness.sources import models
from harness.spec.records import Layers, Recipe
from harness.testing.tiny import tiny_probes
from helpers.changed import drawn, follow_change, matrices_of_layer, plant, plant_in_factors, swapped

pytestmark = pytest.mark.real

LAYER, LAYERS, HEADS, WIDTH = 15, 30, 9, 64
FULL = Recipe(method="full", name="one", layers=Layers(strategy="list", indices=(LAYER,)))
LORA = Recipe(
    method="lora",
    name="r4",
    peft={"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 4, "lora_alpha": 12, "target_modules": "all-linear"},
    layers=Layers(strategy="list", indices=(LAYER,)),
)
DOMAINS = ("in_domain", "out_of_domain")


@pytest.fixture(scope="module")
def embedded():
    return models.load(spec.load("gap").model).model.eval()


@pytest.fixture
def build(embedded):
    return lambda: copy.deepcopy(embedded)


def spectra(model, recipe, folder, change=lambda adapted: None, **options):
    return decode(Spectrum, follow_change(Spectra(**options), model, recipe, folder, change).details).modules


def drift(diagnostic, kind, model, folder, change=lambda adapted: None):
    found = follow_change(diagnostic, model, FULL, folder, change, tiny_probes())
    return found, decode(kind, found.details).domains


def test_a_planted_rank_is_found_and_its_directions_are_intruders_where_they_lead(build, tmp_path):
    def change(size):
        def planted(adapted):
            for module in matrices_of_layer(adapted.model, LAYER):
                plant(module, 3, size=size)

        return planted

    small = spectra(build(), FULL, tmp_path, change(1.0))
    assert {each.module.rpartition(".")[2] for each in small} == {
        *("q_proj", "k_proj", "v_proj", "o_proj"),
        *("gate_proj", "up_proj", "down_proj"),
    }
    for each in small:
        assert (each.effective, each.stable) == (pytest.approx(3, rel=1e-3), pytest.approx(3, rel=1e-4))
        assert each.share == pytest.approx(1, abs=1e-5)
    assert {each.intruders for each in spectra(build(), FULL, tmp_path, change(1000.0))} == {3}


def test_a_planted_rank_is_found_in_an_adapter_with_its_scaling(build, tmp_path):
    found = spectra(build(), LORA, tmp_path, plant_in_factors)
    assert len(found) == 7
    for each in found:
        assert (each.effective, each.largest) == (pytest.approx(2, rel=1e-5), pytest.approx(12 / 4, rel=1e-5))


@pytest.mark.parametrize("recipe", [FULL, LORA], ids=["full", "lora"])
def test_an_identical_model_has_no_spectrum(recipe, build, tmp_path):
    found = spectra(build(), recipe, tmp_path)
    assert len(found) == 7
    for each in found:
        figures = (each.norm, each.largest, each.effective, each.stable, each.share, each.intruders)
        assert figures == (0.0,) * 5 + (0,)


def test_in_an_identical_model_nothing_moves(build, tmp_path):
    _, attention = drift(Attention(), AttentionDrift, build(), tmp_path)
    _, states = drift(Representation(), RepresentationDrift, build(), tmp_path)
    _, firing = drift(Activations(), ActivationShift, build(), tmp_path)
    for domain in DOMAINS:
        assert attention[domain].distance == (0.0,) * LAYERS
        assert states[domain].cka == pytest.approx((1.0,) * LAYERS, abs=1e-9)
        assert (firing[domain].moved, firing[domain].most) == (0, ())


def test_a_permuted_head_moves_its_maps_and_nothing_else(build, tmp_path):
    """The first two of nine heads share keys and values, so that in each other's place they say the same."""

    def permuted(adapted):
        here = adapted.model.model.layers[LAYER].self_attn
        here.q_proj.weight.copy_(swapped(here.q_proj.weight.clone(), WIDTH))
        here.o_proj.weight.copy_(swapped(here.o_proj.weight.clone(), WIDTH, dim=1))

    measured, _ = drift(Attention(), AttentionDrift, build(), tmp_path, permuted)
    arrays = load_file(tmp_path / measured.arrays)
    for domain in DOMAINS:
        distance = arrays[f"{domain}.distance"]
        assert distance.shape == (LAYERS, HEADS)
        moved = distance[LAYER]
        assert moved[0] == pytest.approx(float(moved[1]), abs=1e-6)
        assert distance[:LAYER].max() == 0
        assert moved[0] > 10 * torch.cat([moved[2:], distance[LAYER + 1 :].flatten()]).max()
        before, after = arrays[f"{domain}.entropy_base"][LAYER], arrays[f"{domain}.entropy"][LAYER]
        assert torch.allclose(after[[1, 0, *range(2, HEADS)]], before, atol=1e-4)
    _, states = drift(Representation(), RepresentationDrift, build(), tmp_path, permuted)
    assert all(states[domain].cka == pytest.approx((1.0,) * LAYERS, abs=1e-5) for domain in DOMAINS)


def test_one_unit_is_most_of_a_representation(embedded):
    """Why linear CKA says little of this model."""
    with torch.no_grad():
        states = embedded(tiny_probes().texts["in_domain"][0], output_hidden_states=True).hidden_states[LAYER + 1][0]
    squares = states.pow(2).sum(0)
    assert float(squares.max() / squares.sum()) > 0.9


def test_noise_moves_all_from_its_layer_on_and_nothing_below(build, tmp_path):
    def noise(adapted):
        for module in matrices_of_layer(adapted.model, LAYER):
            module.weight += module.weight.std() * drawn(*module.weight.shape)

    _, attention = drift(Attention(), AttentionDrift, build(), tmp_path, noise)
    _, states = drift(Representation(), RepresentationDrift, build(), tmp_path, noise)
    _, firing = drift(Activations(), ActivationShift, build(), tmp_path, noise)
    for domain in DOMAINS:
        distance, cka = attention[domain].distance, states[domain].cka
        assert max(distance[:LAYER]) == 0 < min(distance[LAYER:])
        assert cka[:LAYER] == pytest.approx((1.0,) * LAYER, abs=1e-9)
        assert max(cka[LAYER:]) < 1 - 1e-6  # a few large activations are most of it
        assert max(firing[domain].share[:LAYER]) == 0
        assert 0 < firing[domain].share[LAYER] < 1
    found = spectra(build(), FULL, tmp_path, noise, top=8)
    assert min(each.effective for each in found) > 7


def test_units_that_are_turned_around_are_named(build, tmp_path):
    """Nothing reads them, so that no other unit notices."""
    model, units = build(), [3, 500]
    mlp = model.model.layers[LAYER].mlp
    with torch.no_grad():
        mlp.down_proj.weight[:, units] = 0

    def turned(adapted):
        mlp.gate_proj.weight[units] *= -1

    measured, found = drift(Activations(by=0.05), ActivationShift, model, tmp_path, turned)
    arrays = load_file(tmp_path / measured.arrays)
    for domain in DOMAINS:
        base, tuned = (arrays[f"{domain}.{which}"] for which in ("base", "tuned"))
        assert torch.allclose(tuned[LAYER, units], 1 - base[LAYER, units])
        expected = {unit for unit in units if abs(1 - 2 * base[LAYER, unit]) > 0.05}
        assert {(each.layer, each.unit) for each in found[domain].most} == {(LAYER, unit) for unit in expected}
        assert found[domain].moved == len(expected)
