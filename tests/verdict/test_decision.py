"""The cheapest of what is shown, by the declared cost; a set where costs are not known."""

from dataclasses import replace

import pytest

from harness.compare.costs import RecipeCosts, RunCosts
from harness.compare.summaries import MeanAndSD
from harness.statistics.speedup import speed_up
from harness.verdict.decision import decide
from harness.verdict.records import Recommendation


def recommendation(*shown):
    return Recommendation(reference="full", shown=shown, closest=None, obstacles=(), candidates=())


def costs(**seconds):
    return RunCosts(reference="full", recipes=tuple(recipe(name, value) for name, value in seconds.items()))


def recipe(name, seconds, price=None):
    return RecipeCosts(
        model="m",
        recipe=name,
        cells=3,
        layers=2,
        total_layers=4,
        trainable=10,
        parameters=100,
        weights=1.0,
        peak_memory=1000.0 / seconds,
        saved=seconds,
        seconds=seconds,
        evaluate_seconds={},
        price=price,
        train_seconds=MeanAndSD(mean=seconds, sd=None),
        tokens_per_second=1.0,
        probe_seconds=1.0 if name == "ranked" else 0.0,
        speed_up=None,
        speed_up_with_probes=None,
        matched=None,
        serving=None,
    )


def test_the_cheapest_that_is_shown_is_taken_with_its_saving():
    found = decide(recommendation("lora", "dora"), costs(full=10.0, lora=4.0, dora=5.0, cheap=1.0))
    assert found.recipe == "lora"
    assert found.saving == pytest.approx(0.6)
    assert "cheap" not in found.costs


def test_what_ranking_layers_took_counts():
    assert decide(recommendation("ranked", "dora"), costs(full=10.0, ranked=4.5, dora=5.0)).recipe == "dora"


def test_where_all_that_is_shown_costs_more_the_reference_stays():
    found = decide(recommendation("dora"), costs(full=4.0, dora=5.0))
    assert (found.recipe, found.saving) == ("full", 0)


@pytest.mark.parametrize("by", ["memory", "size"])
def test_another_cost_may_be_declared(by):
    found = decide(recommendation("lora"), costs(full=2.0, lora=1.0), by)
    assert found.recipe == {"memory": "full", "size": "lora"}[by]


@pytest.mark.parametrize("known", [None, costs(lora=1.0), costs(full=1.0)])
def test_without_all_costs_there_is_a_set_and_no_choice(known):
    assert decide(recommendation("lora"), known).recipe is None


def test_a_price_that_was_not_declared_is_not_known():
    assert decide(recommendation("lora"), costs(full=2.0, lora=1.0), "price").recipe is None


def timed(reference, candidate):
    known = costs(full=sum(reference) / len(reference), lora=sum(candidate) / len(candidate))
    full, lora = known.recipes
    return replace(known, recipes=(full, replace(lora, speed_up_with_probes=speed_up(reference, candidate))))


def test_a_mean_that_one_slow_run_makes_is_no_choice_of_either():
    found = decide(recommendation("lora"), timed([10.0, 11.0, 10.0, 10.5], [5.0, 5.2, 60.0, 5.1]))
    assert (found.recipe, found.saving) == (None, None)
    assert found.costs["lora"] > found.costs["full"]
    assert found.unsettled["lora"].estimate > 1
    found = decide(recommendation("lora"), timed([10.0, 90.0, 10.0, 10.5], [11.0, 11.0, 11.0, 11.0]))
    assert found.recipe is None


def test_times_that_tell_are_a_choice():
    assert decide(recommendation("lora"), timed([10.0, 11.0, 10.5], [5.0, 5.2, 5.1])).recipe == "lora"
    assert decide(recommendation("lora"), timed([5.0, 5.2, 5.1], [10.0, 11.0, 10.5])).recipe == "full"
    assert decide(recommendation("lora"), timed([10.0, 90.0, 10.0], [11.0, 11.0, 11.0]), "size").recipe is not None
