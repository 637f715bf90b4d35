"""Whether accuracy could show a loss or a gain at all: told apart from guessing, and from 1, arm by arm.

A model at chance has nothing that accuracy could lose, and one at the ceiling nothing that it could gain; an equal
accuracy says nothing about either.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from harness.compare.scores import Accuracies, SuiteScores
from harness.declarations.metrics import ACCURACIES
from harness.statistics.contrast import Contrast, contrast
from harness.statistics.critical import Floats
from harness.statistics.moments import moments
from harness.verdict.analysis import Analysis
from harness.verdict.level import Level
from harness.verdict.records import AccuracyLevel, GapComparison, PersistenceComparison

AT_CHANCE = "at chance: accuracy can show no loss here"
AT_CEILING = "at the ceiling: accuracy can show no gain here"


def accuracy_levels(analysis: Analysis) -> Iterator[AccuracyLevel]:
    """Yield the level of every arm and of the untuned model on every suite whose items have options."""
    for scores in analysis.scores:
        found = scores.accuracies
        level = analysis.guard_level if scores.suite.role == "guard" else analysis.level
        for arm, rows in found.right.items() if found else ():
            right = rows[np.isfinite(rows).all(axis=1)]  # without the runs that failed
            if found is not None and scores.units > 1 and len(right):
                yield _level(arm, right, scores, found, level)


def _level(arm: str, right: Floats, scores: SuiteScores, found: Accuracies, level: Level) -> AccuracyLevel:
    by_guessing = 1 / found.options
    low, high = _tested(right, scores, found).interval(level.tail)
    above_guessing = _tested(right - by_guessing, scores, found)
    at_chance = not float(above_guessing.interval(level.tail)[0]) > 0
    at_ceiling = not float(high) < 1
    return AccuracyLevel(
        arm=arm,
        task=scores.suite.task,
        role=scores.suite.role,
        accuracy=float(right.mean()),
        interval=(float(low), float(high)),
        guessing=float(by_guessing.mean()),
        at_chance=at_chance,
        at_ceiling=at_ceiling,
        mark=AT_CHANCE if at_chance else AT_CEILING if at_ceiling else None,
    )


def _tested(differences: Floats, scores: SuiteScores, found: Accuracies) -> Contrast:
    return contrast((moments(differences, found.clusters, fixed=scores.suite.fixed_items),), (1.0,))


def marked_gap(one: GapComparison, levels: Iterable[AccuracyLevel]) -> GapComparison:
    """Return a verdict with the marks that it rests on."""
    marks = _marks(levels, one.metric, {one.task}, {one.reference, one.candidate})
    return replace(one, notes=(*one.notes, *marks)) if marks else one


def marked_persistence(one: PersistenceComparison, levels: Iterable[AccuracyLevel]) -> PersistenceComparison:
    """Return a verdict with the marks that it rests on, of both suites."""
    marks = _marks(levels, one.metric, {one.in_domain, one.out_of_domain}, {one.reference, one.candidate})
    return replace(one, notes=(*one.notes, *marks)) if marks else one


def _marks(levels: Iterable[AccuracyLevel], metric: str, tasks: set[str], arms: set[str]) -> tuple[str, ...]:
    """Return each mark of arms on tasks once, with where it holds; none where the verdict's metric is no accuracy."""
    if metric.partition(",")[0] not in ACCURACIES:
        return ()
    resting = [each for each in levels if each.arm in arms and each.task in tasks]
    where: dict[str, list[str]] = {}
    for each in resting:
        if each.mark is not None:
            where.setdefault(each.mark, []).append(f"{each.arm} on {each.task}")
    return tuple(f"{mark} ({', '.join(places)})" for mark, places in where.items())
