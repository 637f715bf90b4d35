"""What every method must keep to; see `harness.methods.Method` for the contract in words.

::

    class TestMine(MethodContract):
        @pytest.fixture
        def recipe(self):
            return load_recipe("gains--default", beside=FOLDER)
"""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from harness.errors import RecipeError
from harness.methods import Adapted, Batches, Method, base_of
from harness.methods._base import virtual_tokens
from harness.methods.adapt import adapt
from harness.methods.dispatch import method_of
from harness.methods.dry_run import describe
from harness.methods.incompatibilities import incompatibilities
from harness.methods.store import load, merge, save
from harness.methods.traits import traits
from harness.model.counting import parameters
from harness.spec.records import Recipe
from harness.testing.tiny import tiny_batches, tiny_model

Fresh = Callable[[], PreTrainedModel]
"""Makes the same base model at each call."""


class MethodContract:
    """Inherit this in a test module under a name that begins with ``Test`` and give the fixture `recipe`.

    The recipe must do with the tiny model of `harness.testing.tiny` or with that of the fixture `fresh`. Outputs are
    compared to `tolerance`, those of a merged model to `merge_tolerance`.
    """

    tolerance = 1e-6
    merge_tolerance = 5e-4

    @pytest.fixture
    def recipe(self) -> Recipe:
        """Return a recipe of the method."""
        raise NotImplementedError

    @pytest.fixture
    def fresh(self) -> Fresh:
        """Return what makes the base model."""
        return tiny_model

    @pytest.fixture
    def batches(self) -> Batches:
        """Return what starts a pass over training batches."""
        return tiny_batches

    @pytest.fixture
    def tokenizer(self) -> PreTrainedTokenizerBase | None:
        """Return the model's tokenizer where the recipe needs one."""
        return None

    @pytest.fixture
    def ready(
        self, recipe: Recipe, fresh: Fresh, batches: Batches, tokenizer: PreTrainedTokenizerBase | None
    ) -> Callable[..., Adapted]:
        """Return what adapts a fresh model."""

        def adapted(seed: int = 3) -> Adapted:
            return adapt(fresh(), recipe, seed=seed, batches=batches, tokenizer=tokenizer)

        return adapted

    def test_the_recipe_is_that_methods(self, recipe: Recipe, fresh: Fresh) -> None:
        """And nothing that the method knows of speaks against it."""
        assert isinstance(method_of(recipe), Method)
        assert traits(recipe).label
        assert incompatibilities(recipe, fresh().config.to_dict(), "cpu") == []

    def test_what_is_described_is_what_is_adapted(self, recipe: Recipe, ready: Callable[..., Adapted]) -> None:
        """The dry run, which has shapes alone, comes to the same layers, modules and parameters."""
        adapted = ready()
        described = describe(recipe, adapted.model.config.to_dict(), seed=3)
        assert (adapted.trainable, adapted.total) == parameters(adapted.model)
        if not traits(recipe).starts_from_data:  # data may spread ranks otherwise than declared
            assert (described.trainable, described.total) == (adapted.trainable, adapted.total)
            assert described.layer_count == len(adapted.layers)
            assert described.layers in (None, adapted.layers)

    def test_what_is_said_to_be_the_same_before_each_input_can_be_read_once(
        self, recipe: Recipe, ready: Callable[..., Adapted]
    ) -> None:
        """A plan counts it once a suite, so the scorer has to find it: virtual tokens of a PEFT model."""
        assert (virtual_tokens(ready().model) > 0) == traits(recipe).same_before_each

    def test_the_formula_counts_what_trains(self, recipe: Recipe, ready: Callable[..., Adapted]) -> None:
        """Where there is a formula."""
        adapted = ready()
        assert method_of(recipe).expected_parameters(adapted) in (None, adapted.trainable)
        assert adapted.trainable > 0

    def test_the_start_follows_the_seed(self, ready: Callable[..., Adapted]) -> None:
        """Two models adapted with one seed have the same first values."""
        first, again = (trained_values(ready(seed=5).model) for _ in range(2))
        assert first.keys() == again.keys()
        assert all(torch.equal(value, again[name]) for name, value in first.items())

    def test_training_moves_what_trains_and_nothing_else(
        self, ready: Callable[..., Adapted], batches: Batches, fresh: Fresh
    ) -> None:
        """A few steps change the outputs; every weight that is frozen keeps its bits."""
        adapted = ready()
        frozen = {name: value.clone() for name, value in frozen_values(adapted.model).items()}
        before = outputs(adapted.model, batches)
        take_steps(adapted, batches)
        assert not torch.equal(outputs(adapted.model, batches), before)
        assert not torch.equal(outputs(adapted.model, batches), outputs(fresh(), batches))
        assert frozen_values(adapted.model).keys() == frozen.keys()
        assert all(torch.equal(value, frozen[name]) for name, value in frozen_values(adapted.model).items())

    def test_modules_hold_what_trains(self, ready: Callable[..., Adapted]) -> None:
        """Each module that is called adapted has a weight that trains, under the base model's own name for it."""
        adapted = ready()
        find = base_of(adapted.model).get_submodule
        idle = [name for name in adapted.modules if not any(w.requires_grad for w in find(name).parameters())]
        assert idle == []

    def test_the_disk_gives_back_the_outputs(
        self, recipe: Recipe, ready: Callable[..., Adapted], batches: Batches, fresh: Fresh, tmp_path: Path
    ) -> None:
        """What was trained is saved in files that execute nothing, and loaded onto a fresh base in evaluation mode."""
        adapted = ready()
        take_steps(adapted, batches)
        save(adapted, tmp_path / "saved")
        assert not [path for path in (tmp_path / "saved").rglob("*") if path.suffix in (".bin", ".pt", ".pkl", ".py")]
        loaded = load(fresh(), recipe, tmp_path / "saved")
        assert not loaded.model.training
        assert loaded.modules == adapted.modules
        close(outputs(loaded.model, batches), outputs(adapted.model, batches), self.tolerance)

    def test_what_was_loaded_trains_on(
        self, recipe: Recipe, ready: Callable[..., Adapted], batches: Batches, fresh: Fresh, tmp_path: Path
    ) -> None:
        """Loading leaves something to train, and training changes the outputs again."""
        save(ready(), tmp_path / "saved")
        loaded = load(fresh(), recipe, tmp_path / "saved")
        before = outputs(loaded.model, batches)
        take_steps(loaded, batches)
        assert not torch.equal(outputs(loaded.model, batches), before)

    def test_an_empty_folder_is_a_users_error(self, recipe: Recipe, fresh: Fresh, tmp_path: Path) -> None:
        """Not a traceback."""
        with pytest.raises(RecipeError) as refused:
            load(fresh(), recipe, tmp_path)
        assert str(tmp_path) in str(refused.value)

    def test_it_merges_or_says_why_not(self, recipe: Recipe, ready: Callable[..., Adapted], batches: Batches) -> None:
        """A merged model answers as the adapted one, which stays as it was."""
        adapted = ready()
        take_steps(adapted, batches)
        said = outputs(adapted.model, batches)
        if traits(recipe).merges:
            merged = merge(adapted)
            assert merged is base_of(merged)
            close(outputs(merged, batches), said, self.merge_tolerance)
        else:
            with pytest.raises(RecipeError, match=recipe.id):
                merge(adapted)
        close(outputs(adapted.model, batches), said, 0.0)


def take_steps(adapted: Adapted, batches: Batches, steps: int = 3) -> None:
    """Train with plain SGD and leave the model in evaluation mode; callbacks of the method are not called."""
    weights = [weight for weight in adapted.model.parameters() if weight.requires_grad]
    optimizer = torch.optim.SGD(weights, lr=0.5)
    adapted.model.train()
    for batch, _ in zip(batches(), range(steps), strict=False):
        adapted.model(**batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    adapted.model.eval()


@torch.no_grad()
def outputs(model: nn.Module, batches: Batches) -> Tensor:
    """Return the logits (rows, tokens, vocabulary) of the first batch, without those of virtual tokens."""
    batch = next(iter(batches()))
    logits: Tensor = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    return logits[:, -batch["input_ids"].shape[1] :]


def trained_values(model: nn.Module) -> dict[str, Tensor]:
    """Return the weights that train, by name."""
    return {name: weight.detach() for name, weight in model.named_parameters() if weight.requires_grad}


def frozen_values(model: nn.Module) -> dict[str, Tensor]:
    """Return the weights that do not train, by name."""
    return {name: weight.detach() for name, weight in model.named_parameters() if not weight.requires_grad}


def close(found: Tensor, expected: Tensor, tolerance: float) -> None:
    """Assert that two tensors differ by `tolerance` at most, absolute and relative."""
    torch.testing.assert_close(found, expected, atol=tolerance, rtol=tolerance)
