"""What the phases of a search try, on trials that ended as made up here."""

from dataclasses import replace

import pytest

from harness.plan.cells import plan_cells
from harness.plan.choice import Ended, ranked
from harness.plan.phases import (
    Idea,
    confirmed,
    expected,
    expected_in_phases,
    found_recipe,
    kept_after,
    phases_of,
    told,
    trials_of,
)
from harness.plan.sizes import recipes_to_train
from harness.records import CellFailure
from harness.spec import load
from helpers.contents import CONTENT
from helpers.records import cell_result, training

ARM = "aletheia--25"


@pytest.fixture(scope="module")
def experiment():
    return load("search")


def ended(trials, losses):
    """Return how trials ended: with these losses, None for one that failed."""
    found = []
    for trial, loss in zip(trials, losses, strict=True):
        cell = trial.planned.cell
        if loss is None:
            outcome = CellFailure(cell=cell, kind="killed", stage="train", message="gone")
        else:
            outcome = cell_result(cell, train_info=training(validation_loss=loss))
        found.append(Ended(trial=trial, outcome=outcome))
    return found


def test_the_scan_tries_every_arm_for_its_steps_with_the_seed_of_the_search(experiment):
    trials = trials_of("scan", experiment, CONTENT)
    assert [each.recipe for each in trials] == list(experiment.comparison.candidates)
    assert {each.planned.recipe.training["max_steps"] for each in trials} == {6}
    assert {each.planned.cell.seed for each in trials} == {7}
    assert all(each.planned.split == "validation" for each in trials)


def test_the_best_go_on_and_what_failed_does_not(experiment):
    trials = trials_of("scan", experiment, CONTENT)
    losses = [None, 2.0, 3.0, 1.0, 4.0, 4.0, 4.0, 4.0]
    kept = kept_after("scan", experiment, ended(trials, losses))
    assert [each.arm for each in kept] == ["aletheia--75", "aletheia--33"]
    assert kept_after("scan", experiment, ended(trials, [None] * 8)) == ()
    full = trials_of("full", experiment, CONTENT, kept)
    assert [each.recipe for each in full] == ["aletheia--75", "aletheia--33"]
    assert all("max_steps" not in each.planned.recipe.training for each in full)


def test_pushes_move_from_the_winner_which_is_there_as_it_ran(experiment):
    full = trials_of("full", experiment, CONTENT, [Idea(ARM)])
    pushed = trials_of("push", experiment, CONTENT, [Idea(ARM)])
    assert pushed[0].planned.cell == full[0].planned.cell
    assert [dict(each.values) for each in pushed[1:]] == [
        {"learning_rate": 0.001},
        {"layers.fraction": 0.5, "peft.r": 32, "peft.lora_alpha": 64},
    ]


def test_a_move_to_where_the_winner_is_trains_nothing_twice(experiment):
    there = replace(experiment.search.push[1]["layers.fraction"], values=(0.25,))
    search = replace(experiment.search, push=({"layers.fraction": there},))
    assert len(trials_of("push", replace(experiment, search=search), CONTENT, [Idea(ARM)])) == 1


def test_the_factorial_has_four_cells_around_the_winner_with_three_seeds(experiment):
    winner = Idea(ARM, {"learning_rate": 0.001})
    trials = trials_of("factorial", experiment, CONTENT, [winner])
    assert len(trials) == 4 * 3
    assert {each.planned.cell.seed for each in trials} == {11, 12, 13}
    rates = {(each.planned.recipe.training["learning_rate"], each.planned.recipe.peft["r"]) for each in trials}
    assert rates == {(0.001, 16), (0.0004, 16), (0.001, 8), (0.0004, 8)}


def test_a_winner_that_no_level_names_is_a_cell_all_the_same(experiment):
    cross = tuple(
        {name: replace(each, factors=each.factors[:1]) for name, each in move.items()}
        for move in experiment.search.factorial.cross
    )
    search = replace(experiment.search, factorial=replace(experiment.search.factorial, cross=cross))
    trials = trials_of("factorial", replace(experiment, search=search), CONTENT, [Idea(ARM)])
    assert [dict(each.values) for each in trials[::3]] == [
        {},
        {"learning_rate": 0.0002, "peft.r": 8, "peft.lora_alpha": 16},
    ]


def test_the_factorial_is_decided_by_the_mean_over_seeds_and_a_failed_seed_counts_out(experiment):
    trials = trials_of("factorial", experiment, CONTENT, [Idea(ARM)])
    losses = [1.0, 1.0, None, 3.0, 3.0, 3.0, 2.0, 2.0, 5.0, 2.5, 2.5, 2.5]
    found = ended(trials, losses)
    (kept,) = kept_after("factorial", experiment, found)
    assert kept.values == trials[9].values
    entries = told("factorial", found, [kept]).entries
    assert [each.kept for each in entries] == [False, False, False, True]
    assert [each.loss for each in entries] == [None, 3.0, 3.0, 2.5]
    assert entries[0].trials[2].failure == "killed: gone"


def test_of_equal_losses_the_first_declared_goes_on(experiment):
    trials = trials_of("scan", experiment, CONTENT)
    order = [each.trials[0].trial.recipe for each in ranked(ended(trials, [1.0] * 8))]
    assert order == list(experiment.comparison.candidates)


def test_what_is_left_is_the_winner_under_its_own_name_beside_the_baseline(experiment):
    found = found_recipe(experiment, Idea(ARM, {"peft.r": 32}), ())
    settled = confirmed(experiment, found)
    assert [each.id for each in settled.recipes] == ["aletheia--standard", "aletheia--25-found"]
    assert settled.recipes[1].peft["r"] == 32
    assert "peft.r=32" in settled.recipes[1].description
    assert settled.comparison.candidates == ("aletheia--25-found",)
    assert settled.factors is None
    cells = plan_cells(settled, CONTENT)
    assert len(cells) == 1 + 2 * len(experiment.seeds)
    as_declared = confirmed(experiment, found_recipe(experiment, Idea(ARM, {"peft.r": 16}), ()))
    assert as_declared.comparison.candidates == (ARM,)


def test_a_plan_has_as_many_trials_as_a_search_makes(experiment):
    counted = {each.planned.cell.recipe for each in expected_in_phases(experiment, CONTENT)}
    assert counted == {*experiment.comparison.candidates, "full runs", "pushes", "factorial"}
    assert len(expected_in_phases(experiment, CONTENT)) == 8 + 2 + 2 + 12
    assert len(plan_cells(expected(experiment), CONTENT)) == 7
    plain = load("gap")
    assert expected_in_phases(plain, CONTENT) == ()
    assert expected(plain) is plain


def test_every_size_that_the_search_may_come_to_is_looked_at(experiment):
    ranks = {each.peft["r"] for each in recipes_to_train(experiment) if each.id == ARM}
    assert ranks == {8, 16, 32}
    mlp = {each.peft["r"] for each in recipes_to_train(experiment) if each.id == "aletheia--mlp"}
    assert mlp == {32, 64, 128}


def test_phases_that_are_not_declared_are_left_out(experiment):
    assert phases_of(experiment.search) == ("scan", "full", "push", "factorial")
    assert phases_of(replace(experiment.search, push=(), factorial=None)) == ("scan", "full")
