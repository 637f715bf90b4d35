"""What a run took is a record of numbers that were measured, and plain JSON."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from harness.compare.costs import costs_of
from harness.records import Cell, Costs, Latency, Measurement, Probe, ServingLatency
from harness.spec import Overrides, load
from helpers.records import cell_result, training


def result(recipe, seed, train_time, **changes):
    cell = Cell(id=f"{recipe}--s{seed}--0", recipe=recipe, seed=seed)
    costs = Costs(seconds={"train": 1800.0}, rss_max=2**30, file_size=2**20)
    return cell_result(cell, train_info=training(train_time=train_time, **changes), costs=costs)


OUTCOMES = (
    result("full--default", 1, 20.0),
    result("lora--tiny", 1, 10.0),
    result("full--default", 2, 22.0),
    result("lora--tiny", 2, 11.0),
    result("lora--tiny", 3, 1000.0),
)


@pytest.fixture
def experiment(tiny_spec):
    return load(tiny_spec)


def costs(experiment, outcomes=OUTCOMES):
    found = costs_of(SimpleNamespace(experiment=experiment, outcomes=outcomes, found=None))
    return {each.recipe: each for each in found.recipes}


def test_speed_ups_pair_the_seeds_that_both_recipes_have(experiment):
    found = costs(experiment)
    assert found["full--default"].speed_up is None
    assert found["lora--tiny"].speed_up.estimate == pytest.approx(2.0)
    assert found["lora--tiny"].speed_up.pairs == 2


def test_probes_count_only_where_it_is_said(experiment):
    probed = tuple(
        replace(each, train_info=replace(each.train_info, probes=(Probe(purpose="p", batches=1, seconds=seconds),)))
        for each, seconds in zip(OUTCOMES[1:4:2], (10.0, 11.0), strict=True)
    )
    found = costs(experiment, (*OUTCOMES[:3:2], *probed))["lora--tiny"]
    assert found.speed_up.estimate == pytest.approx(2.0)
    assert found.speed_up_with_probes.estimate == pytest.approx(1.0)
    assert (found.probe_seconds, found.probe_share) == (10.5, 1.0)


def test_sizes_are_in_bytes_and_times_in_seconds(experiment):
    found = costs(experiment)["full--default"]
    assert (found.weights, found.peak_memory, found.saved, found.seconds) == (3 * 2**20, 2**30, 2**20, 1800.0)
    assert (found.train_seconds.mean, found.cells, found.layers) == (21.0, 2, 2)
    assert found.trainable_share == pytest.approx(0.1234)


def test_a_price_is_there_where_it_is_declared(experiment, tiny_spec):
    assert costs(experiment)["full--default"].price is None
    priced = load(tiny_spec, overrides=Overrides(set=("cost.per_hour=3",)))
    assert costs(priced)["full--default"].price == pytest.approx(1.5)


def test_serving_is_summed_up_over_seeds(experiment):
    timed = Latency(forward_seconds=0.01, tokens_per_second=40.0)
    slower = Latency(forward_seconds=0.03, tokens_per_second=20.0)
    served = tuple(
        replace(
            each,
            latency=ServingLatency(base=latency, adapter=latency, not_merged="quantized"),
            measurements={"merged_scores_agree": Measurement(name="merged_scores_agree")},
        )
        for each, latency in zip(OUTCOMES[1:4:2], (timed, slower), strict=True)
    )
    serving = costs(experiment, served)["lora--tiny"].serving
    assert set(serving.latency) == {"base", "adapter"}
    assert serving.latency["base"].forward_seconds.mean == pytest.approx(0.02)
    assert serving.latency["base"].tokens_per_second == 30.0
    assert serving.check.passed is None
    assert serving.not_merged == ("quantized",)
    assert costs(experiment)["lora--tiny"].serving is None


def test_it_is_plain_json(experiment):
    content = costs_of(SimpleNamespace(experiment=experiment, outcomes=OUTCOMES, found=None)).to_json()
    read = json.loads(json.dumps(content, allow_nan=False))
    assert read == content
    assert (read["format"], read["reference"]) == (1, "full--default")
    assert [each["recipe"] for each in read["recipes"]] == ["full--default", "lora--tiny"]


def test_without_a_finished_cell_there_is_nothing(experiment):
    assert costs(experiment, ()) == {}
