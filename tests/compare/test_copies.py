"""Runs that gave the same answers to everything are named, and judged only where that is meant."""

import gzip
import random

import pytest

from harness.compare.copies import fingerprint, identical
from harness.compare.design import Arm, Design, ScoredRun
from harness.compare.scores import read_scores
from harness.compare.sources import ScoredItem
from harness.errors import ComparisonError
from harness.spec.records import Suite
from helpers.logs import line, write

RUNS = ("full/0", "full/1", "lora/0", "lora/1")


def likelihoods(run, k):
    return [[[-1.0 - 0.001 * k - 0.1 * RUNS.index(run), False]], [[-2.0, False]]]


def texts(run, k):
    return [[f"{RUNS[(k + RUNS.index(run)) % 4]} says {k}"]]


def sample(k, answers, score):
    return {**line(k, score), "resps": answers, "filtered_resps": [each[0] for each in answers]}


@pytest.fixture(params=[likelihoods, texts])
def write_run(request, tmp_path):
    """Write the logs of a run as another run answered; scores are equal everywhere, as they are at the floor."""

    def written(run, answered_by=None, *, place=None):
        lines = [sample(k, request.param(answered_by or run, k), float(k % 5 == 0)) for k in range(20)]
        return write(tmp_path / (place or run), "qa", lines)

    return written


def design(root, **changes):
    arms = [
        Arm(name=arm, runs=tuple(ScoredRun(folder=root / arm / str(s)) for s in range(2))) for arm in ("full", "lora")
    ]
    suites = (Suite(task="qa", role="in_domain", metric="acc"),)
    return Design(reference=arms[0], candidates=(arms[1],), suites=suites, sesoi=0.02, **changes)


def refused(one):
    with pytest.raises(ComparisonError) as caught:
        read_scores(one)
    return str(caught.value)


def test_equal_scores_alone_are_honest(write_run, tmp_path):
    for run in RUNS:
        write_run(run)
    assert not any("same log-likelihoods" in note for note in read_scores(design(tmp_path))[0].notes)


@pytest.mark.parametrize(("copy", "of"), [("full/1", "full/0"), ("lora/0", "full/0"), ("lora/1", "full/0")])
def test_a_copy_is_named_with_what_it_is_a_copy_of(write_run, tmp_path, copy, of):
    for run in RUNS:
        write_run(run, of if run == copy else run)
    message = refused(design(tmp_path))
    assert message.startswith(f"qa: {tmp_path / of} and {tmp_path / copy} have the same log-likelihoods or generated")
    assert "--identical-runs allow" in message


def test_where_it_is_meant_they_are_compared_and_it_is_said(write_run, tmp_path):
    for run in RUNS:
        write_run(run, "full/0" if run == "lora/1" else run)
    (found,) = read_scores(design(tmp_path, identical_runs="allow"))
    assert sum("it was asked for" in note for note in found.notes) == 1


def test_a_copy_in_another_order_and_packed_is_a_copy(write_run, tmp_path):
    for run in RUNS:
        write_run(run, "full/0" if run == "full/1" else run)
    path = next((tmp_path / "full/1").rglob("samples_*"))
    lines = path.read_text().splitlines(keepends=True)
    random.Random(3).shuffle(lines)
    path.write_bytes(gzip.compress("".join(lines).encode()))
    assert "have the same" in refused(design(tmp_path))


def test_one_answer_that_differs_is_another_run(write_run, tmp_path):
    for run in RUNS:
        write_run(run, "full/0" if run == "full/1" else run)
    path = next((tmp_path / "full/1").rglob("samples_*"))
    path.write_text(path.read_text().replace("-1.019", "-1.0190001").replace("says 19", "says 19!"))
    assert read_scores(design(tmp_path))[0].items == 20


def test_a_model_that_says_the_same_to_everything_is_no_copy(tmp_path):
    for run in RUNS:
        write(tmp_path / run, "qa", [sample(k, [[""]], 0.0) for k in range(20)])
    assert read_scores(design(tmp_path))[0].items == 20


def items(scores):
    return [ScoredItem(key=(str(k), "", ""), doc_id=k, score=score) for k, score in enumerate(scores)]


def test_without_answers_scores_that_hardly_repeat_stand_for_them():
    spread = [k / 20 for k in range(20)]
    assert fingerprint(items(spread)) == fingerprint(list(reversed(items(spread))))
    assert fingerprint(items(spread)) != fingerprint(items(spread[::-1]))
    assert fingerprint(items([float(k % 2) for k in range(20)])) is None
    assert fingerprint(items([0.0, 0.5, 1.0] * 6)) is None
    assert fingerprint(items([0.25])) is None


def test_three_of_a_kind_are_named_together():
    assert list(identical([("a", "x"), ("b", "y"), ("c", "x"), ("d", None), ("e", "x"), ("f", None)])) == [
        ("a", "c", "e")
    ]
