"""Runs that were scored by other settings are not compared, and a file that is not what lm-eval summed up is told."""

import json

import pytest

from harness.compare.design import Arm, Design, ScoredRun
from harness.compare.scores import read_scores
from harness.errors import ComparisonError
from harness.spec.records import Suite
from helpers.logs import line, write

RUNS = [(arm, s) for arm in ("full", "lora") for s in range(2)]


def design(root, metric="exact_match"):
    arms = [
        Arm(name=arm, runs=tuple(ScoredRun(folder=root / arm / str(s)) for s in range(2))) for arm in ("full", "lora")
    ]
    suites = (Suite(task="qa", role="in_domain", metric=metric),)
    return Design(reference=arms[0], candidates=(arms[1],), suites=suites, sesoi=0.02, lower_is_better=False)


@pytest.fixture
def told(tmp_path):
    """Write four runs, the last with other notes in its results file; return what is refused, and the notes."""

    def ask(last, *, others=None, metric="exact_match", kind="none", keep=None):
        for arm, s in RUNS:
            lines = [line(k, float((k + s) % 2), "exact_match", kind=kind) for k in range(10)]
            odd = (arm, s) == RUNS[-1]
            said = last if odd else (others or {})
            path = write(tmp_path / arm / str(s), "qa", lines[:keep] if odd else lines)
            (beside,) = path.parent.glob("results_*")
            beside.write_text(json.dumps(json.loads(beside.read_text()) | said))
        try:
            (found,) = read_scores(design(tmp_path, metric))
        except ComparisonError as error:
            return str(error), ()
        return "", found.notes

    return ask


def configured(**fields):
    return {"configs": {"qa": fields}}


def test_the_same_settings_are_fine(told):
    said = configured(generation_kwargs={"until": ["x"], "max_gen_toks": 32}, metric_list=[{"metric": "exact_match"}])
    assert told(said, others=said)[0] == ""


def test_other_generation_arguments_are_refused_with_both(told, tmp_path):
    few, many = (configured(generation_kwargs={"until": ["x"], "max_gen_toks": n}) for n in (8, 256))
    message, _ = told(few, others=many)
    assert message.startswith("qa was scored with generation_kwargs.max_gen_toks 256 in ")
    assert f"8 in {tmp_path / 'lora' / '1'}" in message


def test_an_argument_that_only_some_name_may_be_a_versions_default(told):
    assert told(configured(generation_kwargs={"do_sample": False}), others=configured(generation_kwargs={}))[0] == ""


def test_other_arguments_of_the_metric_are_refused(told):
    strict, loose = (
        configured(metric_list=[{"metric": "exact_match", "aggregation": "mean", "ignore_case": flag}])
        for flag in (False, True)
    )
    assert "exact_match.ignore_case true" in told(strict, others=loose)[0]


def test_another_filter_by_the_same_name_is_refused_where_it_is_the_one(told):
    one, other = (
        configured(filter_list=[{"name": "strict", "filter": [{"function": "regex", "regex_pattern": pattern}]}])
        for pattern in ("a", "b")
    )
    assert "filter strict" in told(one, others=other, metric="exact_match,strict", kind="strict")[0]
    assert told(one, others=one, metric="exact_match,strict", kind="strict")[0] == ""


def test_another_dtype_is_told(told):
    message, notes = told({"config": {"model_dtype": "float32"}}, others={"config": {"model_dtype": "bfloat16"}})
    assert message == ""
    assert any("scored in bfloat16, float32" in note for note in notes)


def results(score, items=10):
    return {"results": {"qa": {"exact_match,none": score, "exact_match_stderr,none": 0.1, "sample_len": items}}}


def test_the_mean_that_was_recorded_is_no_matter(told):
    assert not any("results file and" in note for note in told(results(0.5), others=results(0.5))[1])


def test_a_mean_that_was_recorded_otherwise_is_told(told, tmp_path):
    message, notes = told(results(0.75), others=results(0.5))
    assert message == ""
    (note,) = [each for each in notes if "results file" in each and "0.75" in each]
    assert "exact_match is 0.75 by the results file and 0.5 as the mean of the items in " in note
    assert str(tmp_path / "lora" / "1") in note


def test_a_file_that_ends_early_at_the_end_of_a_line_is_refused(told):
    assert "has 7 items, and 10 were scored: the file was cut off" in told(results(0.5), keep=7)[0]


@pytest.mark.parametrize(
    "odd",
    [
        {"config": None},
        {"versions": None, "n-shot": [], "higher_is_better": {"qa": None}},
        {"results": {"qa": [1]}, "configs": {"qa": {"metric_list": "acc", "filter_list": [3]}}},
        {"config": {"model_args": 3, "batch_size": None}},
    ],
)
def test_a_results_file_of_another_form_says_nothing(told, odd):
    assert told(odd)[0] == ""
