"""Each cell's score on each suite, with its interval over the choice of items."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isclose, sqrt

import numpy as np
from scipy.special import stdtrit

from harness.compare.sources import read_tidy
from harness.ledger import RunFolder
from harness.records import CellResult
from harness.spec.records import Suite
from harness.statistics.moments import moments

_Key = tuple[str, int | None, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellScore:
    """One cell's score on one suite, as lm-eval aggregated it.

    `interval` is that of another draw of items, or of clusters of them, at the confidence `level`: the mean's, by its
    cluster-robust variance and Student's t. It is None where the score is no mean of the items, where they are the
    whole population, and where one alone was drawn. Another training seed is not in it.
    """

    suite: str
    role: str
    metric: str
    score: float
    interval: tuple[float, float] | None
    level: float
    items: int


def cell_scores(run: RunFolder) -> dict[str, tuple[CellScore, ...]]:
    """Return the scores of each finished cell, by its id, suites in the order of the spec.

    Raises `ComparisonError` and `DamagedError` where the logged scores cannot be read.
    """
    experiment = run.experiment
    scores: dict[_Key, list[float]] = defaultdict(list)
    clusters: dict[_Key, list[str]] = defaultdict(list)
    roles = {suite.task: suite.role for suite in experiment.suites}
    for each in read_tidy(run.folder):
        if each.role == roles.get(each.suite):  # a suite with two roles has its rows twice
            key = each.recipe, each.seed, each.suite, each.metric
            scores[key].append(each.score)
            clusters[key].append(each.cluster or each.item)
    return {
        result.cell.id: tuple(_of_cell(result, experiment.suites, scores, clusters, experiment.comparison.alpha))
        for result in run.outcomes
        if isinstance(result, CellResult)
    }


def _of_cell(
    result: CellResult,
    suites: Sequence[Suite],
    scores: Mapping[_Key, Sequence[float]],
    clusters: Mapping[_Key, Sequence[str]],
    alpha: float,
) -> Iterator[CellScore]:
    evaluations = {each.task: each for each in result.evaluations}
    for suite in suites:
        name, _, chosen = suite.metric.partition(",")
        for key, value in evaluations[suite.task].metrics.items() if suite.task in evaluations else ():
            metric, _, used = key.partition(",")
            if metric != name or chosen not in {"", used}:
                continue
            place = next(
                (
                    each
                    for written in (metric, key)
                    if (each := (result.cell.recipe, result.cell.seed, suite.task, written)) in scores
                ),
                None,
            )
            interval = None
            if place is not None and not suite.fixed_items:
                interval = _interval(value, scores[place], clusters[place], alpha)
            yield CellScore(
                suite=suite.task,
                role=suite.role,
                metric=key,
                score=value,
                interval=interval,
                level=1 - alpha,
                items=evaluations[suite.task].items,
            )
            break


def _interval(
    value: float, scores: Sequence[float], clusters: Sequence[str], alpha: float
) -> tuple[float, float] | None:
    if len(scores) < 2 or not isclose(float(np.mean(scores)), value, rel_tol=1e-6, abs_tol=1e-9):  # noqa: PLR2004
        return None
    found = moments(np.asarray(scores, dtype=float)[None, :], np.unique(clusters, return_inverse=True)[1])
    if found.units == 1:
        return None
    half = float(stdtrit(found.item_df, 1 - alpha / 2)) * sqrt(float(found.total))
    return value - half, value + half
