"""A suite's metric is held to what the task's YAML says of it: its filters, and how items become a score."""

import pytest

from harness.spec import load

YAML = """task: solved
doc_to_text: "{{question}}"
output_type: generate_until
metric_list:
  - {metric: exact_match, aggregation: mean, higher_is_better: true}
  - {metric: middle, aggregation: median, higher_is_better: true}
"""
FILTERS = """filter_list:
  - {name: strict-match, filter: [{function: take_first}]}
  - {name: flexible-extract, filter: [{function: take_first}]}
"""


@pytest.fixture
def said(write, spec, problems):
    """Return what is wrong with a suite of the task by a metric, with the remedy."""

    def of(metric, text):
        write(text, "tasks/solved.yaml")
        spec["suites"] = [{"task": "solved", "role": "in_domain", "metric": metric}]
        found = problems(load, write(spec))
        return [(message, remedy) for path, _, message, remedy in found if path == "$.suites[0].metric"]

    return of


@pytest.fixture
def is_fine(write, spec):
    def fine(metric, text):
        write(text, "tasks/solved.yaml")
        spec["suites"] = [{"task": "solved", "role": "in_domain", "metric": metric}]
        return load(write(spec)).suites[0].metric == metric

    return fine


def test_a_filter_that_the_task_has_is_fine(is_fine):
    assert is_fine("exact_match,strict-match", YAML + FILTERS)
    assert is_fine("exact_match,none", YAML)
    assert is_fine("exact_match", YAML)


def test_a_filter_that_it_does_not_have_is_refused_with_those_that_it_has(said):
    assert said("exact_match,strict", YAML + FILTERS) == [
        ("the task 'solved' has no filter 'strict'", "Its filters: strict-match, flexible-extract.")
    ]
    assert said("exact_match,strict", YAML) == [
        ("the task 'solved' has no filter 'strict'", "It has none: name the metric alone.")
    ]


def test_of_several_filters_one_is_named(said):
    assert said("exact_match", YAML + FILTERS) == [
        (
            "the task 'solved' scores 'exact_match' under several filters",
            "Name one of exact_match,strict-match, exact_match,flexible-extract.",
        )
    ]


def test_a_single_filter_need_not_be_named(is_fine):
    assert is_fine("exact_match", YAML + "".join(FILTERS.splitlines(keepends=True)[:2]))


def test_a_metric_that_is_no_number_an_item_is_refused(said):
    ((message, remedy),) = said("middle", YAML)
    assert message.startswith("middle cannot be compared: a median jumps")
    assert remedy == "Name a metric that is a number an item."
