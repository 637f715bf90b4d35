"""What the trials of a search choose, on results made up here."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.plan.choice import choose
from harness.plan.search import confirming, plan_trials
from harness.records import CellFailure, Costs
from harness.spec import Overrides, load
from helpers.contents import CONTENT
from helpers.records import cell_result, training

SEARCH = (
    'tune={"search": {"learning_rate": {"factors": [0.1, 1, 10]}, "weight_decay": {"values": [0, 0.1]}}, "seed": 7}'
)


@pytest.fixture(scope="module")
def experiment():
    return load("gap", overrides=Overrides(set=(SEARCH,)))


def results(trials, losses):
    return [
        CellFailure(cell=trial.planned.cell, kind="non_finite_loss", stage="train", message="inf")
        if loss is None
        else cell_result(
            trial.planned.cell,
            train_info=training(validation_loss=loss),
            costs=Costs(seconds={"train": 1.0}),
        )
        for trial, loss in zip(trials, losses, strict=True)
    ]


@given(st.lists(st.none() | st.floats(0.1, 9), min_size=12, max_size=12))
def test_the_least_loss_wins_and_failures_never_do(experiment, losses):
    trials = plan_trials(experiment, CONTENT)
    for choice, at in zip(choose(trials, results(trials, losses)), (0, 6), strict=True):
        mine = losses[at : at + 6]
        ended = [loss for loss in mine if loss is not None]
        if not ended:
            assert choice.values is None
        else:
            assert choice.values == trials[at + mine.index(min(ended))].values


def test_a_choice_at_the_edge_is_told(experiment):
    trials = plan_trials(experiment, CONTENT)
    inner, outer = choose(trials, results(trials, [3, 3, 1, 3, 3, 3, 3, 3, 3, 3, 1, 3]))
    assert inner.at_edge == ("weight_decay",)
    assert outer.at_edge == ("learning_rate", "weight_decay")


@pytest.fixture(scope="module")
def confirmed():
    """An experiment with three rates and a second seed, and the trials of one recipe."""
    search = 'tune={"search": {"learning_rate": {"values": [0.1, 0.3, 0.9]}}, "seed": 7, "confirm_seed": 8}'
    experiment = load("gap", overrides=Overrides(set=(search,)))
    return experiment, plan_trials(experiment, CONTENT)[:3]


@pytest.mark.parametrize(
    ("second", "rate", "loss"),
    [
        ([2.0, 2.0, 2.0], 0.3, 1.5),
        ([2.6, 1.2, 2.0], 0.1, 1.7),
        ([None, 1.9, 2.0], 0.1, 2.05),
        ([None, None, 2.0], 0.9, 2.25),
    ],
    ids=["the seeds agree", "the mean decides", "a choice that fails", "the only one that ends"],
)
def test_the_mean_of_both_seeds_decides_among_those_tried_with_both(confirmed, second, rate, loss):
    experiment, trials = confirmed
    first = results(trials, [2.2, 1.0, 2.5])
    again = confirming(experiment, choose(trials, first), CONTENT)
    (choice,) = choose([*trials, *again], [*first, *results(again, second)])
    assert choice.values == {"learning_rate": rate}
    assert choice.validation_loss == pytest.approx(loss)
    assert [(each.part, each.seed) for each in choice.trials] == [("search", 7)] * 3 + [("confirmation", 8)] * 3


def test_what_was_tried_with_one_seed_alone_is_not_chosen_beside_what_was_confirmed(confirmed):
    experiment, trials = confirmed
    first = results(trials, [1.0, 1.1, 0.9])
    (choice,) = choose(trials, first)
    again = confirming(experiment, [replace(choice, values={"learning_rate": 0.1})], CONTENT)
    (choice,) = choose([*trials, *again], [*first, *results(again, [3.0, 3.0])])
    assert choice.values == {"learning_rate": 0.1}
