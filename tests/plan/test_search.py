"""What a search tries, on choices made up here."""

import json

import pytest

from harness.plan.cells import plan_cells
from harness.plan.search import confirming, expected_trials, plan_trials, tuned, widened
from harness.plan.sizes import recipes_to_train
from harness.records import ChosenValues, TriedValues
from harness.spec import Overrides, load
from helpers.contents import CONTENT

SEARCH = (
    'tune={"search": {"learning_rate": {"factors": [0.1, 1, 10]}, "weight_decay": {"values": [0, 0.1]}}, "seed": 7}'
)


@pytest.fixture(scope="module")
def experiment():
    return load("gap", overrides=Overrides(set=(SEARCH,)))


def test_every_combination_is_a_trial_of_its_own(experiment):
    trials = plan_trials(experiment, CONTENT)
    assert len(trials) == 2 * 3 * 2
    assert len({trial.planned.cell.id for trial in trials}) == len(trials)
    assert {trial.planned.cell.seed for trial in trials} == {7}


def test_a_factor_gives_the_number_that_a_person_would_write():
    search = 'tune={"search": {"learning_rate": {"factors": [3]}, "warmup_steps": {"factors": [2]}}, "seed": 7}'
    trials = plan_trials(load("gap", overrides=Overrides(set=(search,))), CONTENT)
    assert repr(trials[0].values) == "{'learning_rate': 0.00045, 'warmup_steps': 4}"


def test_cells_train_with_what_was_chosen(experiment):
    trials = plan_trials(experiment, CONTENT)
    settled = tuned(experiment, [choice(trials[at : at + 6], trials[at].values) for at in (0, 6)])
    rates = [settled.training_of(recipe)["learning_rate"] for recipe in settled.recipes]
    own = [experiment.training_of(recipe)["learning_rate"] for recipe in experiment.recipes]
    assert rates == pytest.approx([0.1 * rate for rate in own])
    assert {each.cell.id for each in plan_cells(settled, CONTENT)} & {
        each.cell.id for each in plan_cells(experiment, CONTENT)
    } == {each.cell.id for each in plan_cells(experiment, CONTENT) if each.recipe is None}


def test_without_a_search_nothing_is_tried():
    assert plan_trials(load("gap"), CONTENT) == ()


def searched(search, **tune):
    """An experiment with a search, its trials, and their recipes' names."""
    block = json.dumps({"search": search, "seed": 7, **tune})
    found = load("gap", overrides=Overrides(set=(f"tune={block}",)))
    return found, plan_trials(found, CONTENT)


def choice(trials, values):
    tried = tuple(TriedValues(values=each.values, cell=each.planned.cell.id, validation_loss=1.0) for each in trials)
    fields = {field: [each.values[field] for each in trials] for field in values or ()}
    edge = tuple(field for field, value in (values or {}).items() if value in (min(fields[field]), max(fields[field])))
    return ChosenValues(recipe=trials[0].recipe, values=values, trials=tried, at_edge=edge)


RATES = {"learning_rate": {"values": [0.0001, 0.0003, 0.001]}}


@pytest.mark.parametrize(
    ("chosen", "beyond"), [(0.0001, [3.3e-05]), (0.0003, []), (0.001, [0.0033]), (None, [])], ids=str
)
def test_beyond_an_edge_the_next_number_is_tried_as_far_as_its_neighbour(chosen, beyond):
    experiment, trials = searched(RATES, widen=2)
    values = None if chosen is None else {"learning_rate": chosen}
    found = widened(experiment, [choice(trials[:3], values)], CONTENT)
    assert [each.values["learning_rate"] for each in found] == beyond
    assert all(each.part == "widening" and each.recipe == trials[0].recipe for each in found)
    assert not {each.planned.cell.id for each in found} & {each.planned.cell.id for each in trials}


def test_a_search_is_widened_up_to_its_bound():
    experiment, trials = searched(RATES, widen=2)
    mine = trials[:3]
    for _ in range(2):
        (more,) = widened(
            experiment, [choice(mine, {"learning_rate": max(t.values["learning_rate"] for t in mine)})], CONTENT
        )
        mine = (*mine, more)
    assert [each.values["learning_rate"] for each in mine[3:]] == [0.0033, 0.011]
    assert widened(experiment, [choice(mine, {"learning_rate": 0.011})], CONTENT) == ()


def test_without_a_bound_nothing_is_widened():
    experiment, trials = searched(RATES)
    assert widened(experiment, [choice(trials[:3], {"learning_rate": 0.001})], CONTENT) == ()


def test_beyond_the_edge_of_one_field_every_combination_is_tried():
    experiment, trials = searched({**RATES, "weight_decay": {"values": [0.0, 0.1]}}, widen=1)
    found = widened(experiment, [choice(trials[:6], {"learning_rate": 0.001, "weight_decay": 0.0})], CONTENT)
    assert [dict(each.values) for each in found] == [
        {"learning_rate": 0.0033, "weight_decay": 0.0},
        {"learning_rate": 0.0033, "weight_decay": 0.1},
    ]


def test_whole_numbers_stay_whole_and_above_0():
    experiment, trials = searched({"warmup_steps": {"values": [1, 4]}}, widen=1)
    up, down = (widened(experiment, [choice(trials[:2], {"warmup_steps": edge})], CONTENT) for edge in (4, 1))
    assert [each.values for each in up] == [{"warmup_steps": 16}]
    assert down == ()


@pytest.mark.parametrize(
    ("chosen", "again"),
    [(0.0003, [0.0003, 0.0001, 0.001]), (0.001, [0.001, 0.0003])],
    ids=["a neighbour on either side", "at the edge"],
)
def test_the_choice_and_its_neighbours_are_tried_with_a_second_seed(chosen, again):
    experiment, trials = searched(RATES, confirm_seed=8)
    found = confirming(experiment, [choice(trials[:3], {"learning_rate": chosen})], CONTENT)
    assert [each.values["learning_rate"] for each in found] == again
    assert {(each.planned.cell.seed, each.part) for each in found} == {(8, "confirmation")}
    assert not {each.planned.cell.id for each in found} & {each.planned.cell.id for each in trials}


def test_without_a_second_seed_or_a_choice_nothing_is_confirmed():
    experiment, trials = searched(RATES)
    assert confirming(experiment, [choice(trials[:3], {"learning_rate": 0.001})], CONTENT) == ()
    experiment, trials = searched(RATES, confirm_seed=8)
    assert confirming(experiment, [choice(trials[:3], None)], CONTENT) == ()


def test_a_plan_counts_what_is_expected_and_what_widening_may_add():
    experiment, trials = searched(RATES, widen=2, confirm_seed=8)
    expected, more = expected_trials(experiment, CONTENT)
    assert (len(trials), len(expected), len(more)) == (6, 6 + 2 * 3, 2 * 2)
    assert expected_trials(load("gap"), CONTENT) == ((), ())


OF_LORA = {"search": {"peft.r": {"values": [4, 64]}, "learning_rate": {"factors": [1, 3]}}, "seed": 7}


def of_a_recipe(**changes):
    block = {**OF_LORA, "recipes": ["lora--gradient-half"], **changes}
    return load("gap", overrides=Overrides(set=(f"tune={json.dumps(block)}",)))


def test_a_rank_is_a_trial_with_an_identity_of_its_own():
    experiment = of_a_recipe()
    trials = plan_trials(experiment, CONTENT)
    assert [each.planned.recipe.peft["r"] for each in trials] == [4, 4, 64, 64]
    assert len({each.planned.cell.id for each in trials}) == 4
    assert all(each.planned.recipe.peft["lora_alpha"] == 32 for each in trials)


def test_cells_have_the_rank_that_was_chosen():
    experiment = of_a_recipe()
    trials = plan_trials(experiment, CONTENT)
    settled = tuned(experiment, [choice(trials, trials[2].values)])
    (recipe,) = [each for each in settled.recipes if each.id == "lora--gradient-half"]
    assert recipe.peft["r"] == 64
    assert {each.id for each in settled.recipes} == {each.id for each in experiment.recipes}


def test_a_rank_at_the_edge_is_marked_and_not_widened():
    experiment = of_a_recipe(widen=2)
    trials = plan_trials(experiment, CONTENT)
    found = widened(experiment, [choice(trials, trials[3].values)], CONTENT)
    assert {each.values["peft.r"] for each in found} == {4, 64}
    assert {each.values["learning_rate"] for each in found} > set()
    assert not {each.values["learning_rate"] for each in found} & {each.values["learning_rate"] for each in trials}


def test_every_size_that_may_train_is_known_before():
    ranks = [each.peft["r"] for each in recipes_to_train(of_a_recipe()) if each.peft]
    assert max(ranks) == 64
    assert 4 in ranks
    plain = load("gap", overrides=Overrides(set=(SEARCH,)))
    assert recipes_to_train(plain) == plain.recipes


def test_a_batch_that_is_searched_for_is_a_size():
    sizes = {"per_device_train_batch_size": {"values": [2, 32]}}
    found = recipes_to_train(of_a_recipe(search=sizes))
    assert {each.training.get("per_device_train_batch_size") for each in found} >= {2, 32}
