"""Two sides of a gate on one suite: the scores of a baseline and of a candidate, and contrasts of their means.

What is known of the variance between seeds decides how: seeds that both sides share are paired; one run beside several
seeds of a baseline takes theirs; one run a side is about these two checkpoints and about no recipe.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.compare.design import Arm, Design
from harness.compare.scores import SuiteScores
from harness.statistics.contrast import Contrast, contrast
from harness.statistics.critical import Floats
from harness.statistics.moments import Moments
from harness.statistics.one_run import against_one
from harness.verdict.analysis import few_units, suite_moments

Scope = Literal["recipe", "checkpoint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """A baseline's scores ``(seeds, items)`` and a candidate's ``(runs, items)`` on a suite, higher is better.

    Runs that failed are left out, of shared seeds on both sides.
    """

    scores: SuiteScores
    baseline: str
    candidate: str
    first: Floats
    second: Floats
    margin: float
    scope: Scope = "recipe"

    @property
    def task(self) -> str:
        """The suite's task."""
        return self.scores.suite.task

    @property
    def sign(self) -> float:
        """What turns a score as it was logged into one of which more is better, and back."""
        return 1.0 if self.scores.higher_is_better else -1.0

    @property
    def one_run(self) -> bool:
        """Whether the candidate's variance between seeds is taken from the baseline's."""
        return len(self.second) == 1 and len(self.first) > 1

    @property
    def in_the_way(self) -> str | None:
        """Why nothing can be ruled on, in words that say what would help."""
        if not len(self.first) or not len(self.second):
            return "no run has scores on both sides"
        for each in few_units(self.scores):
            return each
        if len(self.first) == 1 and self.scope == "recipe":
            return (
                "one run a side says nothing of recipes: give two seeds or more of the baseline (--baseline), or judge "
                "these two checkpoints alone (--scope checkpoint)"
            )
        return None

    def moments(self, of_baseline: float, of_candidate: float) -> Moments:
        """Return b·baseline + c·candidate, seed by seed, reduced over items."""
        alone = of_baseline == 0 and len(self.second) > 1
        rows = of_candidate * self.second if alone else of_baseline * self.first + of_candidate * self.second
        return suite_moments(self.scores, rows)

    def contrast(self, of_baseline: float, of_candidate: float) -> Contrast:
        """Return the mean of b·baseline + c·candidate with its variance; nothing may be `in_the_way`."""
        found = self.moments(of_baseline, of_candidate)
        if self.one_run:
            return against_one(found, self.first.mean(axis=-1), of_baseline, of_candidate)
        return contrast((found,), (1.0,))


def sides_of(design: Design, scores: Sequence[SuiteScores], scope: Scope = "recipe") -> Iterator[Sides]:
    """Yield every candidate beside the reference on every suite."""
    for candidate in design.candidates:
        for each in scores:
            first, second = _rows(design, candidate, each)
            yield Sides(
                scores=each,
                baseline=design.reference.name,
                candidate=candidate.name,
                first=first,
                second=second,
                margin=design.sesoi_of(each.suite),
                scope=scope,
            )


def _rows(design: Design, candidate: Arm, scores: SuiteScores) -> tuple[Floats, Floats]:
    first, second = scores.values[design.reference.name], scores.values[candidate.name]
    there = [np.isfinite(rows).all(axis=1) for rows in (first, second)]
    if not design.one_run:
        both = there[0] & there[1]
        return first[both], second[both]
    return first[there[0]], second[there[1]]
