"""What the trials of a search choose, on results made up here."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.plan.choice import Ended, Margins, choose
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


def ended(trials, losses, margins=None, clusters=None):
    """Trials as they ended, one failed where its loss is None, with margins on rows where they are given."""
    return [
        Ended(
            trial=trial,
            outcome=CellFailure(cell=trial.planned.cell, kind="non_finite_loss", stage="train", message="inf")
            if loss is None
            else cell_result(
                trial.planned.cell, train_info=training(validation_loss=loss), costs=Costs(seconds={"train": 1.0})
            ),
            margins=None if rows is None or loss is None else Margins(values=np.array(rows), clusters=clusters),
        )
        for trial, loss, rows in zip(trials, losses, margins or [None] * len(trials), strict=True)
    ]


@given(st.lists(st.none() | st.floats(0.1, 9), min_size=12, max_size=12))
def test_the_least_loss_wins_and_failures_never_do(experiment, losses):
    trials = plan_trials(experiment, CONTENT)
    for choice, at in zip(choose(ended(trials, losses)), (0, 6), strict=True):
        mine = losses[at : at + 6]
        finite = [loss for loss in mine if loss is not None]
        if not finite:
            assert choice.values is None
        else:
            assert choice.values == trials[at + mine.index(min(finite))].values


def test_a_choice_at_the_edge_is_told(experiment):
    trials = plan_trials(experiment, CONTENT)
    inner, outer = choose(ended(trials, [3, 3, 1, 3, 3, 3, 3, 3, 3, 3, 1, 3]))
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
    first = ended(trials, [2.2, 1.0, 2.5])
    again = confirming(experiment, choose(first), CONTENT)
    (choice,) = choose([*first, *ended(again, second)])
    assert choice.values == {"learning_rate": rate}
    assert choice.validation_loss == pytest.approx(loss)
    assert [(each.part, each.seed) for each in choice.trials] == [("search", 7)] * 3 + [("confirmation", 8)] * 3


def test_what_was_tried_with_one_seed_alone_is_not_chosen_beside_what_was_confirmed(confirmed):
    experiment, trials = confirmed
    first = ended(trials, [1.0, 1.1, 0.9])
    (choice,) = choose(first)
    again = confirming(experiment, [replace(choice, values={"learning_rate": 0.1})], CONTENT)
    (choice,) = choose([*first, *ended(again, [3.0, 3.0])])
    assert choice.values == {"learning_rate": 0.1}


NEAR, FAR, NOISY = [0.50, 0.10, 0.40, 0.20], [0.10, 0.00, 0.10, 0.00], [0.60, 0.10, 0.40, 0.20]
"""Margins on four rows: the last is the greatest by 0.1 on one row, one standard error."""


@pytest.mark.parametrize(
    ("metric", "losses", "rate"),
    [
        ("loss", [1.2, 1.0, 1.1], 0.3),
        ("margin", [1.2, 1.0, 1.3], 0.9),
        ("both", [1.2, 1.0, 1.3], 0.1),
        ("both", [1.4, 1.0, 1.3], 0.9),
        ("both", [None, 1.0, 1.3], 0.9),
        ("margin", [1.4, 1.0, None], 0.1),
    ],
)
def test_the_margin_goes_first_and_the_loss_decides_where_it_is_not_clear(confirmed, metric, losses, rate):
    _, trials = confirmed
    (choice,) = choose(ended(trials, losses, [NEAR, FAR, NOISY]), metric)
    assert choice.values == {"learning_rate": rate}


def test_a_choice_says_how_far_its_margin_is_behind_the_greatest(confirmed):
    _, trials = confirmed
    (choice,) = choose(ended(trials, [1.2, 1.0, 1.3], [NEAR, FAR, NOISY]), "both")
    differences = np.subtract(NOISY, NEAR)
    assert choice.margin == pytest.approx(np.mean(NEAR))
    assert choice.behind == pytest.approx((differences.mean(), differences.std(ddof=1) / 2))
    assert [each.margin for each in choice.trials] == pytest.approx([np.mean(each) for each in (NEAR, FAR, NOISY)])
    (greatest,) = choose(ended(trials, [1.2, 1.0, 1.3], [NEAR, FAR, NOISY]), "margin")
    assert greatest.behind == (0.0, 0.0)


def test_rows_of_one_cluster_move_as_one(confirmed):
    _, trials = confirmed
    tried, clusters = [NEAR * 2, FAR * 2, NOISY * 2], np.array([0, 1, 2, 3] * 2)
    (doubled,) = choose(ended(trials, [1.2, 1.0, 1.3], tried, clusters), "both")
    (once,) = choose(ended(trials, [1.2, 1.0, 1.3], [NEAR, FAR, NOISY]), "both")
    assert doubled.behind == pytest.approx(once.behind)


def test_margins_are_means_of_both_seeds(confirmed):
    experiment, trials = confirmed
    first = ended(trials, [1.2, 1.0, 1.1], [NEAR, FAR, NOISY])
    again = confirming(experiment, choose(first, "margin"), CONTENT)
    (choice,) = choose([*first, *ended(again, [1.0, 1.0], [FAR, NEAR])], "margin")
    assert choice.margin == pytest.approx((np.mean(NOISY) + np.mean(FAR)) / 2)
    assert choice.values == {"learning_rate": 0.9}
