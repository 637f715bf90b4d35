"""What fits into a budget, what it shows, and the smallest that shows anything."""

from dataclasses import replace

import pytest

from harness.errors import UsageError
from harness.plan.costs import CellCost, Estimate
from harness.plan.power import power_of
from harness.plan.within import seconds_of, seeds_of, within
from harness.report.render.text import render_text
from harness.report.sections.within import within_blocks
from harness.spec import load

ITEMS = {"sums": 800, "sums_far": 400}


@pytest.fixture
def experiment(tiny_spec):
    return load(tiny_spec)


def estimate(experiment):
    names = ["base", *(recipe.id for recipe in experiment.recipes for _ in experiment.seeds)]
    cells = tuple(
        CellCost(
            cell=f"{name}-{k}",
            recipe=name,
            layers=1,
            trainable=1,
            tokens=1,
            train_seconds=0.0 if name == "base" else 100.0,
            evaluate_seconds=20.0,
            memory=1,
            disk=1,
        )
        for k, name in enumerate(names)
    )
    return Estimate(
        device="cpu",
        parameters=1,
        cells=cells,
        trials=(),
        suites={task: (count, 10.0) for task, count in ITEMS.items()},
        rows=None,
        measured="2026-01-01",
        busy=False,
        screening=None,
        power=power_of(experiment, ITEMS),
    )


def fits(experiment, seconds):
    planned = estimate(experiment)
    return within(experiment, planned, planned.power.effects, seconds)


def a_seed(experiment):
    return 120.0 * len(experiment.recipes)


def test_what_fits_costs_no_more_and_one_seed_more_would(experiment):
    found = fits(experiment, 3600.0)
    assert found.best.seconds <= 3600
    assert found.best.seconds + a_seed(experiment) > 3600
    assert fits(experiment, found.best.seconds).best == found.best


def test_more_time_shows_smaller_effects(experiment):
    found = fits(experiment, 3600.0)
    assert found.doubled.multiple < found.best.multiple
    assert found.doubled.seeds > found.best.seeds


def test_what_is_shown_is_what_a_plan_of_so_many_seeds_shows(experiment):
    best = fits(experiment, 3600.0).best
    items = {task: min(count, best.limit) for task, count in ITEMS.items()}
    (effects,) = power_of(replace(experiment, seeds=seeds_of(experiment, best.seeds)), items).effects
    assert best.effects["sums"] == pytest.approx(effects.gap_in)
    assert best.effects["sums_far"] == pytest.approx(effects.gap_out)


def test_a_budget_in_which_nothing_can_be_shown_says_the_smallest_that_can(experiment):
    found = fits(experiment, 60.0)
    assert found.best is None
    assert found.least.seeds == 2
    assert fits(experiment, found.least.seconds).best is not None
    text = " ".join(render_text(*within_blocks(experiment, found)).split())
    assert text.startswith("WITHIN 1 min 00 s: nothing can be shown")
    assert "that is the smallest budget that shows anything" in text


def test_what_is_enough_is_the_first_that_is(experiment):
    quiet = replace(
        experiment,
        comparison=replace(experiment.comparison, variances={"seed_sd": 0.01, "item_sd": 0.05, "residual_sd": 0.05}),
    )
    found = fits(quiet, 3600.0)
    assert found.enough.multiple <= 1
    assert not found.assumed
    fewer = fits(quiet, found.enough.seconds - 1.0).best
    assert fewer is None or fewer.multiple > 1


def test_in_words(experiment):
    text = " ".join(render_text(*within_blocks(experiment, fits(experiment, 7200.0))).split())
    assert "Shown four times in five: effects of" in text
    assert "Twice as much would show effects" in text
    assert "Variances are assumed" in text


@pytest.mark.parametrize(("text", "seconds"), [("2h", 7200), ("90min", 5400), ("1.5d", 129600), ("45 s", None)])
def test_times(text, seconds):
    if seconds is None:
        with pytest.raises(UsageError, match="--within takes a time"):
            seconds_of(text, None)
    else:
        assert seconds_of(text, None) == seconds


def test_a_price_takes_a_rate():
    assert seconds_of("5", 2.5) == 7200
    with pytest.raises(UsageError, match="declares none"):
        seconds_of("5", None)


@pytest.mark.parametrize("text", ["0h", "-1h", "two hours", ""])
def test_what_is_no_budget_is_refused(text):
    with pytest.raises(UsageError, match="--within takes"):
        seconds_of(text, 1.0)


def test_own_seeds_come_first(experiment):
    one = replace(experiment, seeds=(42, 7))
    assert seeds_of(one, 1) == (42,)
    assert seeds_of(one, 4) == (42, 7, 43, 44)
