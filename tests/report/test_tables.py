"""Tables say what the records hold, and a dash where there is nothing."""

import pytest

from harness.records import Cell, CellFailure, CellResult, Evaluation
from harness.report.costs import costs_table
from harness.report.plan import duration
from harness.report.power import power_table
from harness.report.scores import scores_table, spread
from harness.spec import load


@pytest.fixture
def experiment(tiny_spec):
    return load(tiny_spec)


def result(recipe, seed, score, train_time):
    cell = Cell(id=f"{recipe}--s{seed}--0", recipe=recipe, seed=seed)
    evaluations = tuple(
        Evaluation(task=task, items=5, metrics={"acc,none": score}, results="", samples="", scorer="x", seconds=1.0)
        for task in ("sums", "sums_far")
    )
    info = {
        "num_trainable_params": 1234,
        "train_time": train_time,
        "tokens_per_second": 50.0,
        "rss_max": 2**30,
        "file_size": 2**20,
        "seconds": {"train": 1800.0},
    }
    return CellResult(cell=cell, run_info={}, train_info=info, meta_info={}, evaluations=evaluations)


@pytest.fixture
def outcomes():
    return (
        result("full--default", 1, 0.5, 20.0),
        result("full--default", 2, 0.7, 22.0),
        result("lora--tiny", 1, 0.4, 10.0),
        CellFailure(cell=Cell(id="x", recipe="lora--tiny", seed=2), kind="killed", stage="train", message=""),
    )


def row(table, name):
    return next(line for line in table.splitlines() if line.startswith(name))


def test_scores_are_means_and_deviations_over_seeds(experiment, outcomes):
    table = scores_table(experiment, outcomes)
    assert "acc 0.6000 ± 0.1414" in row(table, "full--default")
    assert "acc 0.4000" in row(table, "lora--tiny")
    assert "±" not in row(table, "lora--tiny")
    assert row(table, "base").split() == ["base", "–", "–"]


def test_costs_count_failed_runs_and_compare_shared_seeds(experiment, outcomes):
    table = costs_table(experiment, outcomes)
    assert "1 (1 failed)" in row(table, "lora--tiny")
    assert "21.0 ± 1.4" in row(table, "full--default")
    both = costs_table(experiment, (*outcomes[:3], result("lora--tiny", 2, 0.4, 11.0)))
    assert "2.00× [2.00, 2.00]" in row(both, "lora--tiny")


def test_a_declared_price_is_applied_to_all_of_a_cells_time(tiny_spec, outcomes):
    from harness.spec import Overrides

    priced = load(tiny_spec, overrides=Overrides(set=("cost.per_hour=3",)))
    assert row(costs_table(priced, outcomes), "full--default").endswith("1.5000")


def test_more_seeds_detect_less(experiment):
    items = {"sums": 500, "sums_far": 500}

    def gap(table):
        return float(table.splitlines()[-1].split()[2])

    from dataclasses import replace

    assert gap(power_table(replace(experiment, seeds=(1, 2, 3, 4, 5)), items)) < gap(power_table(experiment, items))
    assert "single seed" in power_table(replace(experiment, seeds=(1,)), items)


@pytest.mark.parametrize(("seconds", "text"), [(4.4, "4 s"), (61, "1 min 01 s"), (7500, "2 h 05 min")])
def test_durations_read_well(seconds, text):
    assert duration(seconds) == text


def test_a_single_value_has_no_deviation():
    assert spread([0.5]) == "0.5000"
