"""Whether a level costs one recipe more than another: what a factor that varies both does to each, held together.

With the same levels around two recipes there are four arms a level, and the difference of the two effects is paired
seed by seed and item by item: (centre - its variant) - (first - its variant). What is common to both cancels.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from harness.compare.design import Arm, Design
from harness.compare.scores import Reading, SuiteScores
from harness.statistics.contrast import Contrast, contrast
from harness.verdict.analysis import Floats, PairedScores, suite_moments, weaknesses
from harness.verdict.estimates import IntervalEstimate
from harness.verdict.level import Level
from harness.verdict.records import FactorInteraction

_BOTH = 2


class Interaction(StrEnum):
    """Labels of an interaction."""

    ALIKE = "alike within margin"
    MORE = "costs it more"
    LESS = "costs it less"
    INCONCLUSIVE = "inconclusive"
    INSUFFICIENT = "insufficient"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Four:
    """A level around two recipes: each with its variant."""

    levels: Mapping[str, str]
    first: tuple[Arm, Arm]
    other: tuple[Arm, Arm]

    @property
    def arms(self) -> tuple[Arm, ...]:
        return (*self.first, *self.other)


def interactions_level(design: Design) -> Level:
    """Return the error rate of interactions, shared by levels that two recipes have times suites that are no guards."""
    return Level.shared_by(len(_fours(design)) * len(design.learned), design)


def factor_interactions(design: Design, reading: Reading) -> Iterator[FactorInteraction]:
    """Yield what every level costs another recipe beyond what it costs the first, on every suite that is no guard."""
    fours, level = _fours(design), interactions_level(design)
    if not fours:
        return
    first, *others = {arm.name: arm for four in fours for arm in four.arms}.values()
    scores = reading.of(design.beside(first, *others))
    for four in fours:
        for one in scores:
            yield _judged(design, four, one, level)


def _fours(design: Design) -> Sequence[_Four]:
    """Return the levels that vary both the reference, or the first recipe of the factors, and another one."""
    centres = {
        name: {tuple(sorted(each.levels.items())): each for each in group}
        for name, group in groupby(design.varied, key=lambda each: each.centre.name)
    }
    if len(centres) < _BOTH:
        return ()
    chosen = design.reference.name if design.reference.name in centres else next(iter(centres))
    first = centres.pop(chosen)
    return tuple(
        _Four(levels=dict(each.levels), first=(first[key].centre, first[key].arm), other=(each.centre, each.arm))
        for varied in centres.values()
        for key, each in varied.items()
        if key in first
    )


def _judged(design: Design, four: _Four, scores: SuiteScores, level: Level) -> FactorInteraction:
    kept = [seed for seed, ran in enumerate(zip(*(arm.ran for arm in four.arms), strict=True)) if all(ran)]
    found = suite_moments(scores, _differences(four, scores, kept)) if kept else None
    paired = PairedScores(
        candidate=four.other[0],
        kept=tuple(kept),
        planned=design.seeds,
        suites={} if found is None else {scores.suite.task: found},
        guards={},
        waiting=design.waiting,
    )
    reasons, sesoi = tuple(weaknesses(paired, (scores,))), design.sesoi_of(scores.suite)
    gap = None if found is None else contrast((found,), (1.0,))
    return FactorInteraction(
        levels=four.levels,
        centre=four.other[0].name,
        against=four.first[0].name,
        task=scores.suite.task,
        metric=scores.suite.metric,
        sesoi=sesoi,
        seeds=len(kept),
        gap=None if gap is None else IntervalEstimate.of(gap, level),
        verdict=(Interaction.INSUFFICIENT if reasons or gap is None else _label(gap, len(kept), sesoi, level)).value,
        reasons=reasons,
    )


def _differences(four: _Four, scores: SuiteScores, kept: Sequence[int]) -> Floats:
    first, varied, other, other_varied = (scores.values[arm.name][kept] for arm in four.arms)
    return (other - other_varied) - (first - varied)


def _label(gap: Contrast, seeds: int, sesoi: float, level: Level) -> Interaction:
    low, high = map(float, gap.interval(level.tail))
    if seeds == 1:  # of one checkpoint
        return Interaction.INCONCLUSIVE
    if -sesoi < low and high < sesoi:
        return Interaction.ALIKE
    return Interaction.MORE if low > 0 else Interaction.LESS if high < 0 else Interaction.INCONCLUSIVE
