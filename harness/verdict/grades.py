"""How far a factor moves a score, in grades by declared bounds, as Neelam (PEFT in production, table 10) gives them.

The rating by the margin says whether an outcome hangs on a factor. A grade says how far: by the largest change from the
centre that any of its levels makes, of accuracy or as a share of what the centre gained. The intervals of the effects'
family hold for all levels at once, so the largest of their least changes and the largest of their most are an interval
of the largest change, and every grade that it touches is possible.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from math import inf

from harness.compare.design import Design
from harness.compare.scores import SuiteScores
from harness.spec.records import Grades
from harness.statistics.contrast import contrast
from harness.statistics.moments import moments
from harness.verdict.analysis import degenerate, few_units
from harness.verdict.effects import Beside, effects_level
from harness.verdict.level import Level
from harness.verdict.records import FactorGrade
from harness.verdict.share import given_up

GRADES = ("low", "medium", "high", "very high")

_FEWEST = 2
"""Seeds without which nothing is said of new ones."""

Change = tuple[float, float, float]
"""What a level changes, and the ends of its interval."""


def factor_grades(design: Design, declared: Grades, besides: Sequence[Beside]) -> Iterator[FactorGrade]:
    """Yield the grade of each factor that varies alone, by centre, on every suite that is no guard."""
    family = effects_level(design)
    alone = [each for each in besides if len(each.varied.levels) == 1]
    for (centre, factor), group in groupby(alone, key=_named):
        levels = {each.varied.levels[factor]: each for each in group}
        for suite in design.learned:
            found = {level: _change(each, suite.task, declared, family) for level, each in levels.items()}
            yield _graded(centre, factor, suite.task, declared, found)


def _named(beside: Beside) -> tuple[str, str]:
    return beside.varied.centre.name, next(iter(beside.varied.levels))


def _graded(centre: str, factor: str, task: str, declared: Grades, found: Mapping[str, Change | str]) -> FactorGrade:
    changes = {level: each for level, each in found.items() if not isinstance(each, str)}
    unknown = {level: each for level, each in found.items() if isinstance(each, str)}
    level = max(changes, key=lambda one: abs(changes[one][0]), default=None)
    least = max((max(0.0, low, -high) for _, low, high in changes.values()), default=0.0)
    most = inf if unknown else max(max(abs(low), abs(high)) for _, low, high in changes.values())
    return FactorGrade(
        centre=centre,
        factor=factor,
        task=task,
        by=declared.by,
        level=level,
        change=None if level is None else abs(changes[level][0]),
        interval=(least, most),
        least=grade(least, declared.bounds),
        most=grade(most, declared.bounds),
        unknown=unknown,
    )


def grade(change: float, bounds: Sequence[float]) -> str:
    """Return the grade of a change that is not negative; a bound belongs to the grade above it."""
    return GRADES[bisect_right(bounds, change)]


def _change(beside: Beside, task: str, declared: Grades, level: Level) -> Change | str:
    """Return what a level changes on a suite, or why that is not known."""
    analysis = beside.analysis
    scores = next((one for one in analysis.scores if one.suite.task == task and one.suite.role != "guard"), None)
    if scores is None:
        return "its scores cannot be compared with the centre's"
    if analysis.candidates[0].pairs < _FEWEST:
        return "fewer than two seeds have both scores"
    if reason := next(iter(few_units(scores)), None):
        return reason
    return _of_accuracy(beside, scores, level) if declared.by == "accuracy" else _of_gain(beside, scores, level)


def _of_accuracy(beside: Beside, scores: SuiteScores, level: Level) -> Change | str:
    found, rows = scores.accuracies, list(beside.analysis.candidates[0].kept)
    names = (beside.varied.centre.name, beside.varied.arm.name)
    if found is None or any(name not in found.right for name in names):
        return "its items have no options, or nothing says which were right"
    centre, variant = (found.right[name][rows] for name in names)
    differences = moments(centre - variant, found.clusters, fixed=scores.suite.fixed_items)
    if reason := next(iter(degenerate(differences, scores.suite.task)), None):
        return reason
    gap = contrast((differences,), (1.0,))
    low, high = gap.interval(level.tail)
    return float(gap.estimate), max(-1.0, float(low)), min(1.0, float(high))


def _of_gain(beside: Beside, scores: SuiteScores, level: Level) -> Change | str:
    share = given_up(beside.analysis, beside.analysis.candidates[0], scores, level)
    if share is None or share.estimate is None:
        return "the centre is not shown to have gained over the untuned model"
    if share.kind != "bounded":
        return "its share of the gain is not bounded"
    return share.estimate, share.intervals[0][0], share.intervals[-1][1]
