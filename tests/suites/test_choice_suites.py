"""Every suite with options, shipped or written by ``harness tasks new``, reports the same four scores."""

import json

import pytest

from harness.declarations.tasks import declared_tasks, find_task
from harness.spec import Overrides, load
from harness.suites import metrics, scaffold

SCORES = set(metrics.choice({"choices": ["a", "b"], "answer": 0}, [(-1.0, True), (-2.0, False)]))
DIRECTIONS = {name: ("mean", name != "answer_bits_per_byte") for name in SCORES}
CHOICE = "harness.suites.metrics.choice"
SHIPPED = {name: task for name, task in declared_tasks().items() if task.config.get("process_results") == CHOICE}


def test_there_are_suites_with_options_offline_and_on_the_hub():
    assert {"k8s_qa", "techmanual_qa", "medical_cot", "world_facts", "medqa_bits", "pubmedqa_bits"} <= set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_suite_with_options_lists_every_score_and_its_direction(name):
    assert listed(SHIPPED[name]) == DIRECTIONS


def test_a_new_task_lists_every_score_and_its_direction(tmp_path):
    data = tmp_path / "rows.jsonl"
    data.write_text(json.dumps({"question": "Which port has SSH?", "choices": ["22", "80"], "answer": "22"}))
    scaffold.create("ports", data, "multiple_choice", tmp_path / "tasks")
    assert listed(find_task("ports", beside=tmp_path)) == DIRECTIONS


def test_a_group_of_such_suites_aggregates_every_score():
    aggregated = {each["metric"] for each in declared_tasks()["techmanual"].config["aggregate_metric_list"]}
    assert aggregated == SCORES


def test_an_experiment_may_ask_for_the_margin_first():
    change = tuple(f"suites[{place}].metric=answer_margin" for place in range(3))
    found = load("gap", overrides=Overrides(set=change))
    assert {suite.metric for suite in found.suites if suite.role != "guard"} == {"answer_margin"}


def listed(task):
    return {each["metric"]: (each["aggregation"], each["higher_is_better"]) for each in task.config["metric_list"]}
