"""Logs of Inspect, written by Inspect itself, are read by its own reader; without it they are named with the remedy."""

import json
from importlib.util import find_spec
from types import SimpleNamespace

import pytest

from harness.compare.design import ScoredRun
from harness.compare.sources import inspect_log, read_scored_suite, read_tidy
from harness.errors import ComparisonError, MissingExtraError

installed = pytest.mark.skipif(
    find_spec("inspect_ai") is None, reason="needs the extra `interchange`, as in `tox -e interchange`"
)
LETTERS = "CIPN"


def log(values, *, task="near", status="success", created="2026-01-02T03:04:05+00:00", epochs=1):
    from inspect_ai.log import EvalConfig, EvalDataset, EvalLog, EvalSample, EvalSpec
    from inspect_ai.scorer import Score

    spec = EvalSpec(
        created=created, task=task, dataset=EvalDataset(), model="mockllm/model", config=EvalConfig(epochs=epochs)
    )
    samples = [
        EvalSample(
            id=k,
            epoch=epoch + 1,
            input="?",
            target="a",
            scores={"match": Score(value=value)},
            metadata={"cluster": "p"},
        )
        for k, value in enumerate(values)
        for epoch in range(epochs)
    ]
    return EvalLog(status=status, eval=spec, samples=samples)


def write(folder, name, *args, **kwargs):
    from inspect_ai.log import write_eval_log

    folder.mkdir(parents=True, exist_ok=True)
    write_eval_log(log(*args, **kwargs), str(folder / name))


@installed
@pytest.mark.parametrize("name", ["a.eval", "a.json"])
def test_grades_become_numbers_and_epochs_a_mean(name, tmp_path):
    write(tmp_path, name, LETTERS, epochs=2)
    found = list(read_tidy(tmp_path))
    assert [each.score for each in found] == [1.0, 0.0, 0.5, 0.0]
    assert {(each.model, each.suite, each.metric, each.cluster) for each in found} == {
        ("mockllm/model", "near", "match", "p")
    }


@installed
def test_values_by_name_are_metrics_of_their_own(tmp_path):
    write(tmp_path, "a.json", [{"style": 0.25, "truth": True}])
    assert {each.metric: each.score for each in read_tidy(tmp_path)} == {"match/style": 0.25, "match/truth": 1.0}


@installed
def test_the_newest_log_of_a_task_counts_unless_one_is_asked_for(tmp_path):
    write(tmp_path, "a.json", "CC")
    write(tmp_path, "b.json", "II", created="2026-01-03T03:04:05+00:00")
    run = ScoredRun(folder=tmp_path)
    found = read_scored_suite(run, "near", "match", cluster=None, newest=True)
    assert [each.score for each in found.items] == [0, 0]
    with pytest.raises(ComparisonError, match="2 logs of near"):
        read_scored_suite(run, "near", "match", cluster=None, newest=False)


@installed
@pytest.mark.parametrize(
    ("values", "told", "status"),
    [
        (["good"], "'good' is not a finite number or one of C, P, I, N", "success"),
        ([float("nan")], "nan is not a finite number", "success"),
        (["C"], "ended with 'error'", "error"),
        ([], "no scores of samples", "success"),
    ],
)
def test_what_cannot_be_compared_is_named(values, told, status, tmp_path):
    write(tmp_path, "a.json", values, status=status)
    with pytest.raises(ComparisonError, match=told):
        list(read_tidy(tmp_path))


@installed
def test_a_damaged_log_is_named(tmp_path):
    (tmp_path / "a.eval").write_bytes(b"PK")
    with pytest.raises(ComparisonError, match=r"a\.eval cannot be read as a log of Inspect"):
        list(read_tidy(tmp_path))


@pytest.mark.parametrize("name", ["a.eval", "a.json"])
def test_without_the_extra_a_log_is_named_with_the_command_that_brings_it(name, tmp_path, monkeypatch):
    monkeypatch.setattr("harness.extras.missing", lambda extra: ("inspect_ai",))
    content = {"version": 2, "status": "success", "eval": {"task": "arc"}, "samples": []}
    (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(MissingExtraError, match=r"log of Inspect needs .*inspect_ai.*\[interchange\]"):
        list(read_tidy(tmp_path))


def test_logs_are_read_once_whichever_of_them_may_be_taken(tmp_path, monkeypatch):
    reads = []
    about = SimpleNamespace(task="near", created="2026-01-02", model="m")
    sample = SimpleNamespace(id="1", metadata=None, scores={"match": SimpleNamespace(value="C")})
    one = SimpleNamespace(location="a.json", eval=about, samples=[sample])
    monkeypatch.setattr(inspect_log, "_read", lambda path: reads.append(path) or [one])
    for newest in (True, False):
        found = inspect_log.InspectSource().read_suite(
            ScoredRun(folder=tmp_path), "near", "match", cluster=None, newest=newest
        )
        assert [each.score for each in found.items] == [1.0]
    assert reads == [tmp_path, tmp_path]
