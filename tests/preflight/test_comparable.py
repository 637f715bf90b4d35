"""What keeps a suite's scores from being compared is known before anything is scored."""

from dataclasses import replace

import pytest

from harness.errors import TaskError
from harness.preflight.comparable import check_comparable
from harness.spec import load
from harness.spec.records import Suite
from harness.suites.load import load_task

LOADER = """from datasets import Dataset


def load(*, repeated=0, **metadata):
    rows = [{"question": f"{n} + 1", "choices": [str(n + k) for k in (1, 2, 3)], "answer": 0} for n in range(20)]
    return {"test": Dataset.from_list(rows + rows[:repeated])}
"""
SCORES = """def number(doc, results):
    return {"acc": 1.0}


def listed(doc, results):
    return {"acc": [1, 0]}


def picky(doc, results):
    return {"acc": float(results[0]["text"])}


def total(items):
    return sum(len(each) for each in items)
"""
BASIS = {
    "task": "asked",
    "custom_dataset": "!function loader.load",
    "output_type": "multiple_choice",
    "test_split": "test",
    "doc_to_text": '"{{question}} ="',
    "doc_to_choice": "choices",
    "doc_to_target": "answer",
    "metric_list": "[{metric: acc}]",
    "metadata": "{version: 1.0}",
}
GENERATED = {
    "output_type": "generate_until",
    "doc_to_target": '"{{choices[0]}}"',
    "metric_list": "[{metric: exact_match}]",
    "generation_kwargs": '{until: ["x"]}',
}
TWO_FILTERS = {
    "filter_list": "[{name: strict, filter: [{function: take_first}]}, {name: loose, filter: [{function: take_first}]}]"
}


@pytest.fixture
def refusal(tmp_path, tiny_spec):
    """Return what is said of a suite on a task that differs from the basis in some fields; "" where nothing is."""

    def asked(metric="acc", *, duplicates="once", **fields):
        folder = tmp_path / "tasks" / "asked"
        folder.mkdir(exist_ok=True)
        (folder / "loader.py").write_text(LOADER)
        (folder / "scores.py").write_text(SCORES)
        lines = (f"{name}: {value}\n" for name, value in {**BASIS, **fields}.items() if value is not None)
        (folder / "asked.yaml").write_text("".join(lines))
        experiment = load(tiny_spec)
        suites = (Suite(task="asked", role="in_domain", metric=metric),)
        comparison = replace(experiment.comparison, duplicates=duplicates)
        task = load_task("asked", beside=tmp_path)
        task.set_config(key="num_fewshot", value=0)
        task.build_all_requests()
        try:
            check_comparable(replace(experiment, suites=suites, comparison=comparison), {"asked": task})
        except TaskError as error:
            return str(error)
        return ""

    return asked


def test_a_number_an_item_is_fine(refusal):
    assert refusal() == ""
    assert refusal("acc,none") == ""
    assert refusal(process_results="!function scores.number") == ""
    assert refusal("exact_match", **GENERATED) == ""


def test_what_pseudo_values_follow_is_fine(refusal):
    assert refusal("f1", metric_list="[{metric: acc}, {metric: f1}]") == ""


def test_a_metric_that_the_task_does_not_report(refusal):
    message = refusal("acc_norn", metric_list="[{metric: acc}, {metric: acc_norm}]")
    assert message.startswith("suite asked: the task reports no metric 'acc_norn' (did you mean acc_norm")


def test_several_filters_have_to_be_chosen_from(refusal):
    assert refusal("exact_match", **GENERATED, **TWO_FILTERS) == (
        "suite asked: the task scores exact_match under several filters; name one of exact_match,strict, "
        "exact_match,loose as the metric"
    )
    assert refusal("exact_match,loose", **GENERATED, **TWO_FILTERS) == ""


def test_a_filter_that_is_not_there(refusal):
    assert "no filter 'strct'" in refusal("exact_match,strct", **GENERATED, **TWO_FILTERS)
    assert "no filter 'strict'" in refusal("acc,strict")


def test_what_is_no_number_is_shown(refusal):
    message = refusal(
        process_results="!function scores.listed",
        metric_list="[{metric: acc, aggregation: !function scores.total, higher_is_better: true}]",
    )
    assert "acc is [1, 0] for an item, which is not a number that can be compared" in message


def test_a_median_is_none_of_items(refusal):
    message = refusal(metric_list="[{metric: acc, aggregation: median, higher_is_better: true}]")
    assert "acc cannot be compared: a median jumps" in message


def test_a_function_that_cannot_take_stand_in_answers_is_left_to_the_bases_scores(refusal):
    assert refusal(process_results="!function scores.picky") == ""


def test_items_that_repeat_are_refused_where_they_are_to_be(refusal):
    repeated = {"metadata": "{version: 1.0, repeated: 3}"}
    assert refusal(**repeated) == ""
    assert refusal(duplicates="refuse", **repeated).startswith("suite asked: 3 items are there before; take them out")
    assert refusal(duplicates="refuse") == ""


def test_items_that_repeat_have_two_scores_where_answers_are_drawn(refusal):
    repeated = {**GENERATED, "metadata": "{version: 1.0, repeated: 2}"}
    assert refusal("exact_match", **repeated) == ""
    drawn = {**repeated, "generation_kwargs": '{until: ["x"], do_sample: true, temperature: 0.7}'}
    assert "2 items are there before, and their answers are drawn at random" in refusal("exact_match", **drawn)
