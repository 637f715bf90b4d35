"""Prices are what declared rates make of measured times; what is not known is blank, and it is said why."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.compare.costs import costs_of
from harness.compare.prices import break_even, prices_of
from harness.compare.serving import LatencySummary, Serving
from harness.compare.summaries import MeanAndSD
from harness.plan.costs import CellCost
from harness.report.document import Document
from harness.report.render.text import TextRenderer
from harness.report.sections.prices import planned_prices, prices_table
from helpers.generated import spec_of
from helpers.runs import scored_run

PRICED = {"per_hour": 3.6, "budget": 0.1}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prices")
    return scored_run(folder / "run", spec_of(folder / "spec"), items=4)


@pytest.fixture
def costs(run):
    """Costs in which the LoRA takes a fifth of full fine-tuning's 100 seconds, and answers a little slower."""
    forward = MeanAndSD.of([0.1])
    timed = {name: LatencySummary(forward_seconds=forward, tokens_per_second=speed) for name, speed in SPEEDS.items()}
    found = costs_of(run)
    full, lora = found.recipes
    return replace(
        found,
        recipes=(
            replace(full, seconds=100.0, price=0.1),
            replace(lora, seconds=20.0, price=0.02, serving=Serving(check=None, latency=timed, not_merged=())),
        ),
    )


SPEEDS = {"base": 50.0, "adapter": 40.0, "merged": 50.0}


def text(tables):
    return TextRenderer().render(Document(tuple(tables)))


def test_what_a_run_saves_costs_and_what_a_budget_buys(run, costs):
    full, lora = prices_of(costs, run.experiment.recipes, PRICED).recipes
    assert (full.saving, full.run, full.runs, full.break_even) == (None, pytest.approx(0.1), 1, None)
    assert (lora.saving, lora.run, lora.runs) == (pytest.approx(0.8), pytest.approx(0.02), 5)
    assert lora.per_thousand == pytest.approx({"base": 0.02, "adapter": 0.025, "merged": 0.02})
    assert lora.break_even == pytest.approx(16_000)  # .08 saved, at .005 more for every 1,000 tokens


@given(
    training=st.tuples(st.floats(0, 1e3), st.floats(0, 1e3)),
    token=st.tuples(st.floats(1e-6, 1e-2), st.floats(1e-6, 1e-2)),
)
def test_up_to_the_volume_the_recipe_costs_less_and_beyond_it_more(training, token):
    volume = break_even(training, token)
    if volume is None:
        assert training[0] >= training[1]
    elif math.isinf(volume):
        assert training[0] <= training[1]
        assert token[0] <= token[1]
    else:
        for tokens, less in ((0.5 * volume, True), (2 * volume, False)):
            own, full = (fixed + tokens * each for fixed, each in zip(training, token, strict=True))
            assert own == pytest.approx(full) or (own < full) == less


def test_the_table_is_blank_where_a_price_is_missing_and_says_so(run, costs):
    recipes = run.experiment.recipes
    assert text(prices_table(prices_of(costs_of(run), recipes, {}))) == ""
    said = text(prices_table(prices_of(costs, recipes, {"budget": 0.1})))
    assert "No price is declared" in said
    lora = next(line for line in said.splitlines() if line.startswith("lora--tiny"))
    assert lora.split()[2:] == ["80.0", "–", "–", "–", "–"]
    untimed = text(prices_table(prices_of(costs_of(run), recipes, PRICED)))
    assert "Answers were not timed" in untimed
    without = text(prices_table(prices_of(costs, [each for each in recipes if each.method != "full"], PRICED)))
    assert "No recipe is full fine-tuning" in without


def test_the_table_has_every_price(run, costs):
    said = text(prices_table(prices_of(costs, run.experiment.recipes, PRICED)))
    lora = next(line for line in said.splitlines() if line.startswith("lora--tiny"))
    assert lora.split()[1:] == ["0.0200", "80.0", "0.025", "0.02", "16,000", "5"]


def test_a_plan_prices_what_it_estimates(run):
    experiment = replace(run.experiment, cost=PRICED)
    cell = CellCost(
        cell="c", recipe="base", layers=0, trainable=0, tokens=0, train_seconds=0, evaluate_seconds=9, memory=0, disk=0
    )
    cells = (
        cell,
        replace(cell, recipe="full--default", train_seconds=91),
        replace(cell, recipe="lora--tiny", train_seconds=11),
    )
    said = text(planned_prices(experiment, Estimated(cells)))
    assert [line.split()[1:] for line in said.splitlines() if line.startswith(("full--", "lora--"))] == [
        ["0.1000", "–", "1"],
        ["0.0200", "80.0", "5"],
    ]
    assert text(planned_prices(replace(experiment, cost={}), Estimated(cells))) == ""
    assert "No price is declared" in text(planned_prices(replace(experiment, cost={"budget": 5.0}), Estimated(cells)))


class Estimated:
    """The part of an estimate that prices are made of."""

    def __init__(self, cells):
        self.cells = cells
