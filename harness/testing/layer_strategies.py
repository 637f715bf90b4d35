"""What every layer strategy must keep to; see `harness.methods.LayerStrategy` for the contract in words.

::

    class TestMine(LayerStrategyContract):
        @pytest.fixture
        def layers(self):
            return Layers(strategy="outermost", count=2)
"""

from dataclasses import replace

import pytest
import torch
from transformers import PreTrainedModel

from harness.errors import RecipeError
from harness.methods import Batches, LayerStrategy, Request
from harness.methods.adapt import adapt
from harness.methods.dry_run import describe
from harness.methods.layers.choose import layer_count, select, strategy
from harness.spec.records import Layers, Recipe
from harness.testing.tiny import LAYERS, tiny_batches, tiny_model


class LayerStrategyContract:
    """Inherit this in a test module under a name that begins with ``Test`` and give the fixture `layers`."""

    @pytest.fixture
    def layers(self) -> Layers:
        """Return a recipe's block that names the strategy and asks for fewer than the tiny model's 4 layers."""
        raise NotImplementedError

    @pytest.fixture
    def model(self) -> PreTrainedModel:
        """Return a loaded base model."""
        return tiny_model()

    @pytest.fixture
    def batches(self) -> Batches:
        """Return what starts a pass over training batches."""
        return tiny_batches

    @pytest.fixture
    def request_of_model(self, layers: Layers, model: PreTrainedModel, batches: Batches) -> Request:
        """Return the request that adapting the model makes."""
        count = layer_count(layers, LAYERS)
        return Request(layers=layers, total=LAYERS, count=count, seed=11, model=model, batches=batches)

    def test_it_is_found_by_name(self, layers: Layers) -> None:
        """As harness finds it."""
        assert isinstance(strategy(layers.strategy), LayerStrategy)

    def test_it_chooses_as_many_different_layers_as_it_was_asked_for(self, request_of_model: Request) -> None:
        """Of those that the model has."""
        chosen = select(request_of_model).indices
        assert len(set(chosen)) == request_of_model.count
        assert set(chosen) <= set(range(LAYERS))

    def test_the_same_request_has_the_same_answer(self, request_of_model: Request) -> None:
        """Whatever the global generators are at."""
        first = select(request_of_model).indices
        torch.rand(5)
        assert select(request_of_model).indices == first

    def test_the_model_is_left_as_it_was(self, request_of_model: Request, model: PreTrainedModel) -> None:
        """Its weights, what of them trains, their gradients, and its mode."""
        model.train()
        model.get_input_embeddings().requires_grad_(requires_grad=False)
        before = {name: (weight.clone(), weight.requires_grad) for name, weight in model.named_parameters()}
        select(request_of_model)
        assert model.training
        for name, weight in model.named_parameters():
            assert torch.equal(weight, before[name][0])
            assert weight.requires_grad == before[name][1]
            assert weight.grad is None

    def test_what_reads_data_says_that_it_has_none(self, layers: Layers, request_of_model: Request) -> None:
        """And what reads none does without."""
        bare = replace(request_of_model, model=None, batches=None)
        if strategy(layers.strategy).reads_data:
            with pytest.raises(RecipeError):
                select(bare)
        else:
            assert select(bare).indices == select(request_of_model).indices

    def test_a_recipe_with_it_is_described_and_adapted(
        self, layers: Layers, model: PreTrainedModel, batches: Batches
    ) -> None:
        """The dry run has shapes alone: where data must tell it knows how many layers, elsewhere which."""
        recipe = Recipe(method="full", name="contract", layers=layers)
        described = describe(recipe, model.config.to_dict(), seed=3)
        adapted = adapt(model, recipe, seed=3, batches=batches)
        assert described.layer_count == len(adapted.layers) == layer_count(layers, LAYERS)
        assert described.layers == (None if strategy(layers.strategy).reads_data else adapted.layers)
