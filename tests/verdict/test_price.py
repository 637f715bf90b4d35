"""What a seed costs in a run: everything beside scoring the suites of a comparison is training."""

from types import SimpleNamespace

import pytest

from harness.verdict.estimates import SeedsAndItems
from harness.verdict.price import price_of


def costs(**recipes):
    found = [
        SimpleNamespace(recipe=name, seconds=seconds, evaluate_seconds=scoring)
        for name, (seconds, scoring) in recipes.items()
    ]
    return SimpleNamespace(recipes=found)


RUN = costs(full=(100.0, {"near": 10.0, "far": 5.0, "facts": 20.0}), lora=(60.0, {"near": 11.0, "far": 4.0}))


def test_both_arms_train_and_score():
    price = price_of(RUN, ("full", "lora"), ("near", "far"))
    assert (price.training, price.scoring) == (160.0 - 30.0, 30.0)
    assert price.of(SeedsAndItems(seeds=4, items=2.0)) == 4 * (130.0 + 60.0)


def test_the_untuned_model_costs_no_seed():
    assert price_of(RUN, ("base", "full"), ("facts",)).scoring == 20.0


@pytest.mark.parametrize("arms", [("full", "gone"), ("base",)])
def test_what_did_not_run_has_no_price(arms):
    assert price_of(RUN, arms, ("near",)) is None
