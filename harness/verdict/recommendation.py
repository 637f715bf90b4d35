"""Which candidates may take the reference's place: shown to be less than the margin worse on every suite.

A candidate is recommended where each of its conditions is shown: on every in-domain and out-of-domain suite, and on
every guard, its upper limit of (reference - candidate) lies below the smallest effect of interest. Each interval is the
one that the verdicts rest on, at its family's level, and no error is added:

- *Within a candidate* (intersection-union, Berger 1982): one that is truly worse by the margin or more on some suite is
  recommended only if that suite's condition is shown, whatever the others say, with a probability of at most that
  condition's tail. It is alpha/2/M with M = candidates x in-domain x out-of-domain suites, or alpha/2/(candidates x
  guards): in each case at most alpha/2 by the number of candidates.
- *Over candidates* (union bound): any of them is wrongly among those recommended with at most alpha/2. Which of these
  is taken, and by which cost, is free: the cheapest, the smallest, the one that somebody likes.
- *Over looks*: the tails of a condition add up to that of one judgement, so that one which a look has shown may stand.

The gates only take away: a placebo is no candidate, and a reference that is not shown to have learned anything is not
taken as a measure for others.
"""

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from harness.compare.scores import NotCompared, SuiteScores
from harness.statistics.contrast import Contrast, SeedVariance, contrast
from harness.verdict.analysis import Analysis, PairedScores, weaknesses
from harness.verdict.estimates import IntervalEstimate, Need
from harness.verdict.gain import gain
from harness.verdict.level import Level
from harness.verdict.records import NotWorse, Prospect, Recommendation
from harness.verdict.required_sample import Distance, Goal, available_of, need_of
from harness.verdict.rules import Truths

PLACEBO = "a placebo: it trained on answers dealt anew"
CANNOT = "it cannot be compared"
NOT_WORSE = "not worse"
"""The label of what a recommendation takes, in a `Need`."""


def is_not_worse(gap: Contrast, margin: float, tail: float) -> Truths:
    """Return whether reference minus candidate is shown to lie below a margin, with error probability `tail`."""
    return np.asarray(gap.interval(tail)[1] < margin)


def is_shown(conditions: Sequence[Truths]) -> Truths:
    """Return whether a candidate is shown on every suite: an intersection, so that the tails need not be shared."""
    return np.asarray(np.logical_and.reduce(list(conditions)))


def recommendation(analysis: Analysis, not_compared: Sequence[NotCompared] = ()) -> Recommendation:
    """Return which candidates of an analysis may be recommended."""
    prospects = [_prospect(analysis, paired, not_compared) for paired in analysis.candidates]
    return _decided(analysis.design.reference.name, prospects, tuple(_obstacles(analysis)))


def standing(kept: Recommendation, found: Recommendation) -> Recommendation:
    """Return the recommendation of a look, with what earlier ones showed, which stands."""
    pairs = zip(kept.candidates, found.candidates, strict=True)
    still = tuple(each for each in found.obstacles if each in kept.obstacles)
    return _decided(found.reference, [_stands(before, now) for before, now in pairs], still)


def _stands(before: Prospect, now: Prospect) -> Prospect:
    suites = tuple(
        first if first.shown and not after.shown else after
        for first, after in zip(before.suites, now.suites, strict=True)
    )
    return replace(now, suites=suites, shown=now.excluded is None and all(each.shown for each in suites))


def _decided(reference: str, prospects: Sequence[Prospect], obstacles: tuple[str, ...]) -> Recommendation:
    others = [each for each in prospects if not each.shown and each.excluded is None]
    shown = tuple(each.candidate for each in prospects if each.shown)
    return Recommendation(
        reference=reference,
        shown=() if obstacles else shown,
        closest=min(others, key=_least_certain).candidate if others else None,
        obstacles=obstacles,
        candidates=tuple(replace(each, need=None) if each.shown else each for each in prospects),
    )


def _least_certain(prospect: Prospect) -> tuple[int, float]:
    """Return how many suites cannot be judged, then the largest p-value of the others."""
    known = [each.p for each in prospect.suites if each.p is not None]
    return len(prospect.suites) - len(known), max(known, default=1.0)


def _obstacles(analysis: Analysis) -> Iterator[str]:
    design = analysis.design
    if design.reference.name in design.placebo_names:
        yield f"{design.reference.name}, with which all are compared, is {PLACEBO}"
    for inside in analysis.suites_of("in_domain") if design.require_gain else ():
        gained = gain(analysis, inside)
        if gained is not None and not float(gained.contrast.interval(analysis.tail)[0]) > 0:
            yield f"{design.reference.name} is not shown to have learned anything on {inside.suite.task}"


def _prospect(analysis: Analysis, paired: PairedScores, not_compared: Sequence[NotCompared]) -> Prospect:
    name = paired.candidate.name
    excluded = PLACEBO if name in analysis.design.placebo_names else None
    tests = [_Test(analysis, paired, each) for each in analysis.scores]
    suites = (*(each.result for each in tests), *_unknown(analysis, not_compared))
    shown = excluded is None and bool(is_shown([np.asarray(each.shown) for each in suites]))
    return Prospect(
        candidate=name,
        shown=shown,
        excluded=excluded,
        suites=suites,
        need=None if shown or excluded or not_compared else _need(analysis, paired, tests),
    )


def _unknown(analysis: Analysis, not_compared: Iterable[NotCompared]) -> Iterator[NotWorse]:
    """Yield the suites whose scores cannot be compared: nothing is shown there."""
    for each in not_compared:
        for suite in analysis.design.suites_of(each.role):
            if suite.task == each.task:
                yield NotWorse(
                    task=each.task,
                    role=each.role,
                    metric=suite.metric,
                    sesoi=analysis.design.sesoi_of(suite),
                    gap=None,
                    shown=False,
                    p=None,
                    p_adjusted=None,
                    why=CANNOT,
                    look=analysis.design.look or None,
                )


class _Test:
    """One candidate on one suite, at the level of the suite's family."""

    def __init__(self, analysis: Analysis, paired: PairedScores, scores: SuiteScores) -> None:
        self.analysis, self.paired, self.scores = analysis, paired, scores
        self.is_guard = scores.suite.role == "guard"
        self.level: Level = analysis.extra_level if self.is_guard else analysis.level
        self.margin = analysis.design.sesoi_of(scores.suite)
        self.differences = paired.of(scores.suite)

    @property
    def given(self) -> SeedVariance | None:
        """The variance between seeds that is declared, of the primary metric and where there is one pair."""
        rule = None if self.is_guard else self.analysis.seed_rule(self.paired.pairs)
        return rule((1.0,)) if rule else None

    @functools.cached_property
    def why_not(self) -> str | None:
        """What is in the way of any judgement."""
        reasons = list(weaknesses(self.paired, (self.scores,)))
        if not reasons and self.paired.pairs == 1 and self.given is None:
            reasons.append("one seed speaks of its own checkpoint only")
        return "; ".join(reasons) or None

    @functools.cached_property
    def gap(self) -> Contrast | None:
        """Reference minus candidate; None where nothing can be judged."""
        if self.differences is None or self.why_not is not None:
            return None
        return contrast((self.differences,), (1.0,), seed_variance=self.given)

    @functools.cached_property
    def result(self) -> NotWorse:
        """The condition as it stands in the record."""
        gap, suite = self.gap, self.scores.suite
        p = None if gap is None else gap.p_below(self.margin)
        return NotWorse(
            task=suite.task,
            role=suite.role,
            metric=suite.metric,
            sesoi=self.margin,
            gap=None if gap is None else IntervalEstimate.of(gap, self.level),
            shown=gap is not None and bool(is_not_worse(gap, self.margin, self.level.tail)),
            p=p,
            p_adjusted=self.level.adjusted(p),
            why=self.why_not,
            look=self.analysis.design.look or None,
        )

    @property
    def distance(self) -> Distance | None:
        """How far below the margin the estimate is."""
        if self.gap is None or self.differences is None or self.given is not None:
            return None
        inside = self.margin - float(self.gap.estimate)
        name = f"{NOT_WORSE} on {self.scores.suite.task}"
        return Distance(name=name, suites=(self.differences,), weights=(1.0,), distances=(inside,))


def _need(analysis: Analysis, paired: PairedScores, tests: Sequence[_Test]) -> Need | None:
    """Return what showing all conditions takes; the narrowest tail holds for all."""
    distances = [each.distance for each in tests]
    known = tuple(each for each in distances if each is not None and each.pointed_at)
    if len(known) < len(tests):
        return None
    missed = tuple(each.scores.suite.task for each in tests if not each.result.shown)
    scored = [each.scores for each in tests]
    return need_of(
        [Goal(label=NOT_WORSE, decisive=True, conditions=known, missed=missed)],
        seeds=paired.pairs,
        items={each.suite.task: each.items for each in scored},
        available=available_of(analysis.design, scored),
        tail=min(each.level.tail for each in tests),
    )
