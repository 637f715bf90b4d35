"""A cell's scores with their intervals over another draw of items."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from harness.compare.cell_scores import cell_scores
from harness.ledger.files import write_json
from harness.ledger.lock import LOCK
from harness.spec import load, lock
from helpers.runs import scored_run


@pytest.fixture
def run(tiny_spec, tmp_path):
    return scored_run(tmp_path / "run", tiny_spec, items=60)


def test_every_cell_has_its_score_on_every_suite(run):
    found = cell_scores(run)
    assert list(found) == [each.cell.id for each in run.outcomes]
    for each in run.outcomes:
        assert [one.score for one in found[each.cell.id]] == [one.metrics["acc,none"] for one in each.evaluations]
        assert [one.suite for one in found[each.cell.id]] == ["sums", "sums_far"]


def test_an_interval_is_students_over_clusters(run):
    one = cell_scores(run)["lora--tiny--s1"][0]
    low, high = one.interval
    assert (low + high) / 2 == pytest.approx(one.score)
    assert one.level == 0.95
    # items lie in clusters of two: the variance of a mean is that of the sums of clusters
    scores = [each.score for each in _read(run, "lora--tiny", 1, "sums")]
    sums = np.array(scores).reshape(30, 2).sum(axis=1)
    half = stats.t.ppf(0.975, 29) * sums.std(ddof=1) * np.sqrt(30) / 60
    assert high - one.score == pytest.approx(half)


def test_a_whole_population_has_no_interval(run, tiny_spec):
    experiment = load(tiny_spec)
    fixed = replace(experiment, suites=tuple(replace(each, fixed_items=True) for each in experiment.suites))
    cells = [each.cell.id for each in run.outcomes]
    write_json(run.folder / LOCK, {"experiment": lock(fixed), "cells": cells, "tuning": []})
    assert {one.interval for found in cell_scores(run).values() for one in found} == {None}


def _read(run, recipe, seed, suite):
    from harness.compare.sources import read_tidy

    return [each for each in read_tidy(run.folder) if (each.recipe, each.seed, each.suite) == (recipe, seed, suite)]
