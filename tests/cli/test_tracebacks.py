"""Kinds of input that once ended in a traceback: each ends in a sentence, and the exit code says whose fault it is."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from harness.cli import main
from helpers.logs import arms


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("value", ["[" * 100_000, "9" * 400, "9" * 5000, "NaN", "\x00", "\ud800", "x" * 300])
@pytest.mark.parametrize("path", ["seeds", "name", "model.tokenizer", "recipes[0]", "suites[0].task"])
def test_whatever_is_set_is_refused_by_name(capsys, path, value):
    if (path, value) == ("suites[0].task", "NaN"):  # a word, and whether lm-eval has a task of that name it alone knows
        pytest.importorskip("lm_eval", reason="needs the extra `run`")
    assert main(["validate", "quick", "--set", f"{path}={value}"]) == (0 if f"{path}={value}" == "name=NaN" else 64)
    assert "Traceback" not in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"extends": "gap", "seeds": [%s]}' % ("9" * 400),
        '{"extends": "gap", "data": {"source": "jsonl", "path": "a\\u0000b"}}',
        '{"extends": "gap", "data": {"source": "jsonl", "path": "~nobody-is-called-so/x"}}',
        '{"extends": "gap", "data": {"source": "task", "task": "\\ud800"}}',
        '{"extends": "%s"}' % ("x" * 300),
        '{"extends": "gap", "include": ["%s"]}' % ("x" * 300),
    ],
)
def test_a_spec_of_such_text_is_refused(here, capsys, text):
    (here / "mine.json").write_text(text)
    assert main(["validate", "mine.json"]) == 64
    assert "mine.json" in capsys.readouterr().out


@pytest.mark.parametrize(
    "metadata",
    [
        "{title: 2026-01-01}",
        "{title: !!binary aGk=}",
        "{forms: 3}",
        "{counts: [1]}",
        "{source: {package: x}}",
        "[1]",
        "3",
    ],
)
def test_metadata_of_other_kinds_is_listed_without_it(here, capsys, metadata):
    (here / "tasks").mkdir()
    (here / "tasks" / "mine.yaml").write_text(f"task: mine\nmetadata: {metadata}\n")
    assert main(["tasks"]) == 0
    assert main(["tasks", "--json"]) == 0
    assert "mine" in capsys.readouterr().out


def _line(change):
    def changed(samples, _results):
        first, *others = samples.read_text().splitlines()
        samples.write_text("\n".join([*change(first), *others]) + "\n")

    return changed


def _results(text):
    return lambda _samples, results: results.write_text(text)


LOGS = {
    "a line twice": _line(lambda line: [line, line]),
    "no filter": _line(lambda line: [json.dumps(json.loads(line) | {"filter": None})]),
    "metrics that are no names": _line(lambda line: [json.dumps(json.loads(line) | {"metrics": [{}, []]})]),
    "a score of 400 digits": _line(lambda line: [line.replace('"acc": 1.0', f'"acc": {"9" * 400}')]),
    "brackets": _line(lambda _: ["[" * 100_000]),
    "results that are a list": _results("[]"),
    "results of null": _results('{"versions": null, "n-shot": null, "higher_is_better": null, "config": null}'),
    "results of brackets": _results("[" * 100_000),
}


@pytest.mark.parametrize("spoil", LOGS.values(), ids=LOGS)
def test_logs_that_are_spoilt_are_compared_or_refused(here, capsys, spoil):
    full, lora = arms(here, ("near", "far"), np.random.default_rng(1), items=8)
    samples = next(full[0].rglob("samples_near_*"))
    spoil(samples, next(full[0].rglob("results_*")))
    sides = ["--reference", *map(str, full), "--candidate", *map(str, lora)]
    assert main(["compare", *sides, "--in-domain", "near", "--out-of-domain", "far", "--metric", "acc"]) in (0, 64)
    assert "Traceback" not in "".join(capsys.readouterr())


def test_a_folder_that_reads_like_markup_is_shown_as_it_is(capsys):
    pytest.importorskip("rich", reason="needs the extra `run`")
    from harness.cli.display import watching

    experiment = SimpleNamespace(name="a[/b]", recipes=(), arms=(), seeds=(), suites=(), searches_alone=False)
    with watching(experiment, Path("a[/b]c")):
        pass
    assert "a[/b]: 0 recipes × 0 seeds, 0 suites → a[/b]c" in capsys.readouterr().err
