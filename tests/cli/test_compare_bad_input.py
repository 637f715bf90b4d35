"""``harness compare`` on folders and options that are wrong: a clear message, no traceback, no silent number."""

import json

import numpy as np
import pytest

from harness.cli import main
from helpers.logs import arms, line

REFUSED = 64


@pytest.fixture
def logs(tmp_path):
    """Three seeds of two tasks, 30 items each; the candidate is 30 points worse on both."""
    return arms(tmp_path, ("near", "far"), np.random.default_rng(5), items=30, gaps=(0.3, 0.3))


def compare(logs, *more, metric="acc", outside=("--out-of-domain", "far")):
    full, lora = logs
    sides = ["--reference", *map(str, full), "--candidate", *map(str, lora)]
    return main(["compare", *sides, "--in-domain", "near", *outside, "--metric", metric, *more])


def refused(capsys, *given, **settings):
    """Run a comparison that must be refused and return what it says."""
    assert compare(*given, **settings) == REFUSED
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("harness: ")
    assert "Traceback" not in shown.err
    return shown.err


def left_out(capsys, *given):
    """Run a comparison whose one suite in-domain cannot be compared and return what it says instead of a number."""
    assert compare(*given) == REFUSED
    shown = capsys.readouterr()
    assert "No gap: no in-domain suite can be compared." in shown.out
    assert "near cannot be compared" in shown.err
    assert "Traceback" not in shown.err
    return shown.out


def file_of(folder, task="near"):
    return next(folder.rglob(f"samples_{task}_*"))


def rewrite(folder, change, task="near"):
    """Apply `change` to the list of a file's samples."""
    path = file_of(folder, task)
    lines = [json.loads(each) for each in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(each) + "\n" for each in change(lines)))
    return path


def with_score(value):
    return lambda lines: [*lines[:3], {**lines[3], "acc": value}, *lines[4:]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (with_score(float("nan")), "nan, not a finite number"),
        (with_score(float("inf")), "inf, not a finite number"),
        (with_score(None), "None, not a finite number"),
        (with_score(1.5), "1 scores of acc are outside 0 to 1, the first 1.5"),
        (with_score(-0.5), "1 scores of acc are outside 0 to 1, the first -0.5"),
        (lambda lines: [], "is empty: the evaluation was cut off"),
        (lambda lines: lines[:-2], "lacks 2 items of"),
        (lambda lines: [*lines, line(99, 1.0)], "has 1 items that"),
        (lambda lines: [*lines, lines[0]], "has 1 items more than once"),
        (lambda lines: [{**each, "prompt_hash": "0"} for each in lines], "prompt 30 of the same documents differently"),
        (lambda lines: [{**each, "target_hash": "0"} for each in lines], "have other targets for 30 items"),
        (lambda lines: [{k: v for k, v in each.items() if k != "acc"} for each in lines], "has no metric 'acc'"),
    ],
)
def test_a_file_that_does_not_pair_is_refused_by_name(logs, capsys, change, message):
    path = rewrite(logs[1][1], change)
    said = left_out(capsys, logs, "--duplicates", "refuse")
    assert str(path) in said
    assert message in said
