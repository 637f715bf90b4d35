"""Updates that a weight is too coarse to take are counted; with master weights there are next to none."""

import pytest
import torch

from harness.diagnostics.precision import UpdatesKept
from harness.methods.adapt import adapt
from harness.sources import models
from harness.spec.records import Model, Recipe
from harness.training import train

ROWS = [{"prompt": f"Question: {n} + 1\nAnswer:", "completion": f" {n + 1} and some more"} for n in range(10)]
FULL = Recipe(method="full", name="x")
FIELDS = {
    "max_steps": 6,
    "per_device_train_batch_size": 2,
    "max_length": 64,
    "learning_rate": 5e-5,
    "weight_decay": 0.0,
}


@pytest.fixture
def trained(tiny_model):
    """Return a function that trains every weight of a model of some dtype; it returns what was done and the change."""

    def run(dtype, *, masters=True, **fields):
        loaded = models.load(Model(**tiny_model, dtype=dtype))
        before = [weight.detach().float().clone() for weight in loaded.model.parameters()]
        adapted = adapt(loaded.model, FULL, seed=1)
        if not masters:
            adapted.model.to(torch.bfloat16)
        done = train(
            adapted, loaded.tokenizer, ROWS, {**FIELDS, **fields}, seed=1, dtype=dtype, on_step=lambda *_: None
        )
        after = [weight.detach().float() for weight in adapted.model.parameters()]
        return done, torch.cat([(a - b).flatten() for a, b in zip(after, before, strict=True)])

    return run


def cosine(one, other):
    return float(torch.nn.functional.cosine_similarity(one, other, dim=0))


def test_training_in_bfloat16_moves_the_weights_as_training_in_float32_does(trained):
    single, by = trained("float32")
    half, update = trained("bfloat16")
    assert (single.computed, half.computed) == ("float32", "bfloat16")
    moved = by != 0  # of the vocabulary, tokens that do not occur have no gradient
    assert (update[moved] != 0).float().mean() > 0.99
    assert cosine(update, by) > 0.99
    assert single.losses[-1] == pytest.approx(half.losses[-1], rel=1e-3)
    assert half.updates_lost < 0.01
    assert single.updates_lost < 0.01


def test_bare_bfloat16_weights_lose_most_updates_and_the_cell_is_marked(trained):
    done, update = trained("bfloat16", masters=False)
    _, by = trained("float32")
    assert done.updates_lost > 0.5
    assert cosine(update, by) < 0.9
    assert UpdatesKept().after(Subjected(done)).passed is False


def test_steps_without_a_learning_rate_count_for_nothing(trained):
    done, _ = trained("float32", learning_rate=0.0)
    assert done.updates_lost is None
    assert UpdatesKept().after(Subjected(done)).passed is None


class Subjected:
    """As much of a subject as the diagnostic reads."""

    def __init__(self, trained):
        self.trained = trained
