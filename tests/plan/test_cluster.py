"""What an experiment takes of declared nodes: by hand on small plans, within bounds that hold for any."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.plan.cluster import on_cluster
from harness.plan.costs import CellCost
from harness.plan.nodes import read_nodes
from harness.records import GIB
from harness.spec import Overrides, load
from helpers.estimates import estimated
from helpers.trainings import training

RECIPES = ("full--default", "lora--tiny")


def cost(recipe, seconds, memory=1):
    return CellCost(
        cell=recipe,
        recipe=recipe,
        layers=0,
        trainable=0,
        tokens=0,
        train_seconds=seconds,
        evaluate_seconds=0.0,
        memory=memory * GIB,
        disk=GIB,
        written=2 * GIB,
    )


def estimate(seconds, memory=1, trials=()):
    cells = [cost("base", 10.0), *(cost(name, each, memory) for each in seconds for name in RECIPES)]
    return estimated(cells=tuple(cells), trials=trials)


@pytest.fixture
def planned(tiny_spec, tmp_path):
    def on(nodes, made, seeds=(1, 2), looks=()):
        file = tmp_path / "nodes.json"
        file.write_text(json.dumps(nodes))
        experiment = load(tiny_spec, overrides=Overrides(seeds=seeds))
        experiment = replace(experiment, comparison=replace(experiment.comparison, looks=looks))
        return on_cluster(experiment, made, read_nodes(file))

    return on


def test_cells_wait_for_the_base_and_then_fill_the_devices(planned):
    node = {"devices": 2, "memory_gib": 1, "cost_per_hour": 36}
    found = planned({"nodes": [node]}, estimate([100.0, 50.0]))
    assert (found.makespan, found.busy, found.units) == (10 + 150, 10 + 300, 5)
    assert found.utilisation == pytest.approx(310 / 320)
    assert found.cost == pytest.approx(1.6)
    assert found.storage == (5 + 2 * 2) * GIB
    assert "number of devices" in found.binds


def test_of_many_devices_the_chain_binds_and_of_faster_ones_it_is_shorter(planned):
    found = planned({"nodes": [{"devices": 8, "memory_gib": 1, "speed": 2}]}, estimate([100.0, 50.0]))
    assert found.makespan == found.chain == 55
    assert "longest chain" in found.binds


def test_a_look_and_a_search_are_waited_for(planned):
    nodes = {"nodes": [{"devices": 8, "memory_gib": 1}]}
    assert planned(nodes, estimate([100.0, 50.0, 30.0]), seeds=(1, 2, 3), looks=(2, 3)).makespan == 10 + 100 + 30
    assert planned(nodes, estimate([50.0, 50.0], trials=(cost("lora--tiny", 7.0),) * 3)).makespan == 10 + 7 + 50


def test_what_only_some_devices_hold_binds(planned):
    nodes = {"nodes": [{"devices": 1, "memory_gib": 8}, {"devices": 8, "memory_gib": 4}]}
    found = planned(nodes, estimate([100.0, 100.0, 100.0], memory=5), seeds=(1, 2, 3))
    assert found.makespan == 10 + 600
    assert "memory: 6 of 7 units need more than 4.0 GiB" in found.binds


def test_storage_that_is_too_small_is_said(planned):
    found = planned({"nodes": [{"memory_gib": 1}], "storage_gib": 4}, estimate([1.0, 1.0]))
    assert found.binds == "storage: 7.0 GiB of the 4.0 that there are"


def test_what_no_device_holds_is_named_and_the_rest_is_placed(planned):
    found = planned({"nodes": [{"memory_gib": 4}]}, estimate([100.0], memory=5), seeds=(1,))
    assert found.unplaced == {"full--default": 5 * GIB, "lora--tiny": 5 * GIB}
    assert (found.units, found.makespan, found.storage) == (1, 10, (1 + 2) * GIB)
    assert planned({"nodes": [{"memory_gib": 0.5}]}, estimate([100.0], memory=5), seeds=(1,)).units == 0


def test_a_batch_that_a_run_would_halve_is_placed(planned):
    """Nine rows of half a GiB beside half a GiB: with a row at a time, one GiB is enough."""
    asked = training(recipe="full--default", libraries=GIB // 2, rows=9, a_row=GIB / 2)
    made = replace(estimate([100.0], memory=5), trainings=(asked,))
    found = planned({"nodes": [{"memory_gib": 1}]}, made, seeds=(1,))
    assert set(found.unplaced) == {"lora--tiny"}
    assert found.makespan == 10 + 100
    whole = replace(made, trainings=(replace(asked, divisible=False),))
    assert set(planned({"nodes": [{"memory_gib": 1}]}, whole, seeds=(1,)).unplaced) == set(RECIPES)


def test_everything_that_is_wrong_with_a_file_is_said_at_once(tmp_path):
    file = tmp_path / "nodes.json"
    file.write_text(
        json.dumps(
            {"nodes": [{"devices": 0, "speed": "fast"}, {"memory_gib": 1, "gpus": 8}], "price": 3, "device": "tpu"}
        )
    )
    with pytest.raises(UsageError) as caught:
        read_nodes(file)
    places = (
        "$.price",
        "$.device: 'tpu' is none of cpu, cuda",
        "[0].memory_gib",
        "[0].speed",
        "[0].devices",
        "[1].gpus",
    )
    assert all(place in str(caught.value) for place in places)
    file.write_text("[")
    with pytest.raises(UsageError, match="cannot be read as JSON"):
        read_nodes(file)


@given(
    seconds=st.lists(st.floats(1, 1000), min_size=1, max_size=12),
    devices=st.integers(1, 9),
)
def test_the_makespan_lies_between_what_nothing_beats_and_grahams_bound(seconds, devices):
    from harness.plan.cluster import _Phase, _placed
    from harness.plan.nodes import Device, Node, Nodes

    node = Node(name="a", count=1, each=devices, device=Device(memory=8 * GIB, speed=1.0), cost_per_hour=None)
    phase = _Phase(tuple((cost("full--default", each),) for each in seconds))
    end, worked = _placed(phase, Nodes(file="", nodes=(node,)), 0.0)
    least = max(*seconds, sum(seconds) / devices)
    assert worked == pytest.approx(sum(seconds))
    assert least * (1 - 1e-9) <= end <= (2 - 1 / devices) * least * (1 + 1e-9)
