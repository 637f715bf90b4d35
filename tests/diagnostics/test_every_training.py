"""What every training is checked for, and how its layers were chosen, with a known answer on three architectures."""

from dataclasses import replace

import pytest
import torch

from harness import diagnostics
from harness.codec import decode
from harness.diagnostics import Probes
from harness.diagnostics.layer_choice import LayersChosen
from harness.measured import LayerChoice
from harness.methods.adapt import adapt
from harness.model.decoder import layer_names
from harness.spec.records import Layers, Recipe
from harness.testing.tiny import tiny_batches
from helpers.changed import subject_of

LORA = Recipe(
    method="lora",
    name="all",
    peft={"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 4, "target_modules": "all-linear"},
)


@pytest.fixture
def batches():
    return [batch for batch, _ in zip(tiny_batches(), range(3), strict=False)]


def fill(adapted, directions):
    """Make B of every module use so many independent directions of its four."""
    with torch.no_grad():
        for name, weight in adapted.model.named_parameters():
            if "lora_B" in name:
                weight.zero_()
                weight[:, :directions] = torch.eye(weight.shape[0], directions)


def module(adapted, name):
    return adapted.model.get_base_model().get_submodule(name)


def test_an_adaptation_that_is_what_its_recipe_says_passes(build, batches):
    model = build()
    before, base = diagnostics.base_digest(model), diagnostics.logits(model, batches[0])
    adapted = adapt(model, LORA, seed=0)
    assert not diagnostics.outputs_differ(base, diagnostics.logits(adapted.model, batches[0])).passed  # nothing learned
    fill(adapted, 4)
    assert diagnostics.outputs_differ(base, diagnostics.logits(adapted.model, batches[0])).passed
    assert diagnostics.base_unchanged(before, adapted).passed
    assert diagnostics.modules_adapted(adapted).passed
    assert diagnostics.trainable_as_expected(adapted).passed
    assert diagnostics.ranks_alive(adapted).passed


def test_a_changed_frozen_weight_and_an_idle_module_are_named(build):
    model = build()
    before = diagnostics.base_digest(model)
    adapted = adapt(model, LORA, seed=0)
    changed, idle = adapted.modules[1], adapted.modules[-1]
    with torch.no_grad():
        module(adapted, changed).base_layer.weight[0, 0] += 1e-3
    module(adapted, idle).requires_grad_(requires_grad=False)
    assert diagnostics.base_unchanged(before, adapted).details["changed"] == [f"{changed}.weight"]
    assert diagnostics.modules_adapted(adapted).details["idle"] == [idle]
    assert not diagnostics.trainable_as_expected(replace(adapted, trainable=adapted.trainable + 1)).passed


@pytest.mark.parametrize("directions", [1, 3])
def test_planted_directions_are_counted_in_every_module(build, directions):
    adapted = adapt(build(), LORA, seed=0)
    fill(adapted, directions)
    ranks = diagnostics.effective_ranks(adapted)
    assert len(ranks) == len(adapted.modules)
    assert {each.above for each in ranks} == {directions}
    assert diagnostics.ranks_alive(adapted).passed == (directions > 1)


def test_layers_are_ranked_by_the_gradients_of_plain_backward_passes(build, batches, tmp_path):
    model = build()
    layers = [model.get_submodule(name) for name in layer_names(model)]
    expected = torch.zeros(len(layers))
    for batch in batches:
        model.zero_grad()
        model(**batch).loss.backward()
        grads = [[weight.grad for weight in layer.parameters() if weight.grad is not None] for layer in layers]
        expected += torch.stack([torch.nn.utils.get_total_norm(each) for each in grads])
    shares = (expected / expected.sum()).tolist()
    recipe = replace(LORA, layers=Layers(strategy="gradient", count=1), probe_batches=len(batches))
    diagnostic = LayersChosen()
    diagnostic.begin(recipe, recipe, Probes())
    adapted = adapt(build(), recipe, seed=0, batches=lambda: iter(batches))
    found = decode(LayerChoice, diagnostic.after(subject_of(adapted, tmp_path)).details)
    assert found.norms == pytest.approx(shares, rel=1e-4)
    assert found.chosen == (max(range(len(shares)), key=shares.__getitem__),)
    assert found.share == pytest.approx(max(shares), rel=1e-4)
