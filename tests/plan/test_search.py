"""What a search tries and chooses, on results made up here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.plan.cells import plan_cells
from harness.plan.search import choose, plan_trials, tuned
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


def test_every_combination_is_a_trial_of_its_own(experiment):
    trials = plan_trials(experiment, CONTENT)
    assert len(trials) == 2 * 3 * 2
    assert len({trial.planned.cell.id for trial in trials}) == len(trials)
    assert {trial.planned.cell.seed for trial in trials} == {7}


def test_a_factor_gives_the_number_that_a_person_would_write():
    search = 'tune={"search": {"learning_rate": {"factors": [3]}, "warmup_steps": {"factors": [2]}}, "seed": 7}'
    trials = plan_trials(load("gap", overrides=Overrides(set=(search,))), CONTENT)
    assert repr(trials[0].values) == "{'learning_rate': 0.00015, 'warmup_steps': 4}"


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


def test_cells_train_with_what_was_chosen(experiment):
    trials = plan_trials(experiment, CONTENT)
    settled = tuned(experiment, choose(trials, results(trials, range(12))))
    rates = [settled.training_of(recipe)["learning_rate"] for recipe in settled.recipes]
    own = [experiment.training_of(recipe)["learning_rate"] for recipe in experiment.recipes]
    assert rates == pytest.approx([0.1 * rate for rate in own])
    assert {each.cell.id for each in plan_cells(settled, CONTENT)} & {
        each.cell.id for each in plan_cells(experiment, CONTENT)
    } == {each.cell.id for each in plan_cells(experiment, CONTENT) if each.recipe is None}


def test_without_a_search_nothing_is_tried():
    assert plan_trials(load("gap"), CONTENT) == ()
