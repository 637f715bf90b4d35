"""How a training fits a node's devices: each part by hand, and Llama-3.2-3B's on the three machines of the question."""

from dataclasses import fields, replace

import pytest
import yaml

from harness.plan.nodes import Device, Node, Nodes
from harness.plan.ways import in_half, ways_on
from harness.preflight.row_tokens import RowTokens
from harness.preflight.token_counts import TokenCounts
from harness.preflight.trainings import demands
from harness.records import GIB
from harness.report.render.text import render_text
from harness.report.sections.cluster import cluster_blocks
from harness.spec import load
from harness.spec.schema import bundled
from helpers.estimates import estimated
from helpers.trainings import training

FULL = training(
    libraries=1, base=200, masters=200, gradients=400, moments=800, a_row=10.0, a_row_again=2.0, outside=50, layer=15
)
"""100 parameters of 16 bits with float32 masters, 25 outside the layers; a GiB is a byte here."""


def node(devices, memory, name="n"):
    return Node(name=name, count=1, each=devices, device=Device(memory=memory, speed=1.0), cost_per_hour=None)


def found(tiny_spec, asked, *nodes):
    made = estimate(asked)
    return ways_on(load(tiny_spec), made, Nodes(file="", nodes=nodes))


def estimate(*asked):
    return estimated(parameters=100, trainings=asked, layer_class="LlamaDecoderLayer")


def test_one_device_holds_everything_and_halves_rows_before_it_computes_activations_again(tiny_spec):
    def alone(memory):
        (way,) = found(tiny_spec, FULL, node(1, memory))
        return way.rows, way.accumulation, way.checkpointing, way.taken, way.fits

    held = 1 + 400 + 400 + 800
    assert alone(held + 80) == (8, 2, False, held + 80, True)
    assert alone(held + 79) == (4, 4, False, held + 40, True)
    assert alone(held + 10) == (1, 16, False, held + 10, True)
    assert alone(held + 9) == (4, 4, True, held + 8, True)
    assert alone(held + 1) == (1, 16, True, held + 2, False)


def test_data_parallel_holds_everything_too_with_buckets_as_large_as_the_gradients(tiny_spec):
    alone, parallel = found(tiny_spec, FULL, node(4, 3000))
    assert (alone.kind, parallel.kind, parallel.processes, parallel.rows) == ("one device", "data parallel", 4, 2)
    assert (parallel.accumulation, parallel.exchanged) == (2, 400)
    assert parallel.taken == 1 + 400 + 400 + 800 + 2 * 10 + 400
    assert parallel.config == {"distributed_type": "MULTI_GPU", "num_processes": 4}


def test_sharded_holds_an_nth_of_weights_gradients_and_moments_and_gathered_layers(tiny_spec):
    *_, sharded = found(tiny_spec, FULL, node(4, 600))
    assert (sharded.kind, sharded.rows, sharded.fits, sharded.offered) == ("sharded", 2, True, False)
    assert (sharded.weights, sharded.gradients, sharded.moments) == (100, 100, 200)
    assert sharded.exchanged == (50 + 2 * 15) + (50 + 15)
    assert sharded.taken == 1 + 100 + 100 + 200 + 20 + 145
    frozen = replace(FULL, trains_base=False, gradients=40, moments=80)
    assert found(tiny_spec, frozen, node(4, 300))[-1].exchanged == 50 + 2 * 15


def test_examples_of_a_step_are_dealt_out_evenly_or_fewer_devices_take_part(tiny_spec):
    assert [way.processes for way in found(tiny_spec, FULL, node(7, 600))] == [1, 4, 4]
    assert [way.processes for way in found(tiny_spec, replace(FULL, divisible=False), node(7, 600))] == [1]
    assert [way.kind for way in found(tiny_spec, replace(FULL, packed=True), node(8, 600))][2:] == []


def test_masters_of_16_bits_halve_what_trains(tiny_spec):
    assert in_half(FULL) == 1 + 200 + 600 + 10
    assert in_half(replace(FULL, trains_base=False, masters=40, gradients=40)) == 1 + 200 + 20 + 60 + 10


LAYER = 2 * 3072 * 3072 + 2 * 3072 * 1024 + 3 * 3072 * 8192 + 2 * 3072
OUTSIDE = 128256 * 3072 + 3072
LLAMA = 28 * LAYER + OUTSIDE
"""q and o, k and v, the three of the MLP, two norms; tied embeddings and the last norm."""


@pytest.fixture(scope="module")
def llama():
    experiment = load("gap-llama-3.2-3b")
    counted = TokenCounts(rows=RowTokens(count=None, tokens=80, completion_tokens=40), suites={}, stages={})
    asked = tuple(each.memory for each in demands(experiment, counted, "cuda"))
    return experiment, estimate(*asked)


MACHINES = (node(1, 80 * GIB, "1x80"), node(2, 48 * GIB, "2x48"), node(8, 24 * GIB, "8x24"))


def test_full_fine_tuning_of_three_billion_parameters_fits_each_of_the_three_machines(llama):
    experiment, made = llama
    nodes = Nodes(file="", nodes=MACHINES)
    ways = [each for each in ways_on(experiment, made, nodes) if each.recipe == "full--3b"]
    row = 80 * 28 * 3072 * 34 + 40 * 128256 * 12
    libraries, gathered = 1_200_000_000, 2 * (OUTSIDE + 2 * LAYER) + 2 * (OUTSIDE + LAYER)
    taken = {(each.node, each.kind): (each.taken, each.fits) for each in ways}
    assert LLAMA == 3_212_749_824
    assert taken["1x80", "one device"] == (libraries + 16 * LLAMA + 8 * row, True)
    assert taken["2x48", "sharded"] == (libraries + 8 * LLAMA + 4 * row + gathered, True)
    assert taken["8x24", "sharded"] == (libraries + 2 * LLAMA + row + gathered, True)
    assert not any(taken[name, kind][1] for name in ("2x48", "8x24") for kind in ("one device", "data parallel"))
    assert ("1x80", "sharded") not in taken


def test_the_file_of_a_sharded_training_is_accelerates_and_is_refused_here(llama):
    arguments = pytest.importorskip("accelerate.commands.config.config_args")
    experiment, made = llama
    *_, way = (each for each in ways_on(experiment, made, Nodes(file="", nodes=MACHINES)) if each.kind == "sharded")
    assert (way.config["num_processes"], way.config["mixed_precision"]) == (8, "bf16")
    known = {each.name for each in fields(arguments.ClusterConfig)}
    assert set(way.config) <= known
    shard = way.config["fsdp_config"]
    assert (shard["fsdp_version"], shard["fsdp_transformer_layer_cls_to_wrap"]) == (2, "LlamaDecoderLayer")
    kinds = bundled("experiment")["$defs"]["accelerate"]["properties"]["distributed_type"]["enum"]
    assert way.config["distributed_type"] not in kinds


def test_a_plan_prints_the_parts_and_the_file(tiny_spec):
    from harness.plan.cluster import OnCluster

    made = estimate(FULL)
    nodes = Nodes(file="", nodes=(node(4, 600, "four"),))
    ways = ways_on(load(tiny_spec), made, nodes)
    placed = OnCluster(
        devices=4,
        units=0,
        makespan=0.0,
        chain=0.0,
        busy=0.0,
        utilisation=0.0,
        cost=None,
        storage=0,
        binds="",
        unplaced={"full--default": 1},
    )
    text = render_text(*cluster_blocks(placed, ways, made))
    assert "Training on a device of node four" in text
    assert "nothing can run" in text
    assert "harness refuses to run it" in " ".join(text.split())
    lines = text.splitlines()
    start = lines.index("  compute_environment: LOCAL_MACHINE")
    read = yaml.safe_load("\n".join(lines[start : lines.index("", start)]))
    assert read == ways[-1].config
