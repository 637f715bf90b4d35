"""What declared factors do: each variant of a recipe beside the recipe, and how far the outcome hangs on a factor."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import groupby

from harness.compare.design import Arm, Design, Varied
from harness.compare.scores import read_comparable
from harness.verdict.analysis import Analysis
from harness.verdict.gap import GapVerdict, between
from harness.verdict.level import Level
from harness.verdict.records import FactorEffect, FactorRating


class Rating(StrEnum):
    """How far the outcome hangs on a factor, over the levels that were tried."""

    MATTERS = "matters"
    WITHIN_MARGIN = "within margin"
    NOT_SETTLED = "not settled"


def effects_level(design: Design) -> Level:
    """Return the error rate of effects, shared by variants times suites that are no guards."""
    return Level.shared_by(len(design.varied) * len(design.learned), design)


def factor_effects(design: Design) -> Iterator[FactorEffect]:
    """Yield each variant beside its centre on every suite that is no guard and can be compared."""
    for _, group in groupby(design.varied, key=lambda each: each.centre.name):
        varied = list(group)
        yield from _effects(design, varied[0].centre, varied)


def _effects(design: Design, centre: Arm, varied: Sequence[Varied]) -> Iterator[FactorEffect]:
    beside = design.beside(centre, *(each.arm for each in varied))
    scores, _ = read_comparable(beside)
    analysis, level = Analysis.of(beside, scores), effects_level(design)
    for one in scores:
        for each, paired in zip(varied, analysis.candidates, strict=True):
            yield FactorEffect(levels=dict(each.levels), gap=between(analysis, paired, one, level))


def factor_ratings(effects: Sequence[FactorEffect]) -> Iterator[FactorRating]:
    """Yield what the levels of each factor come to on each suite; of factors that vary together there is none.

    A factor matters where some level is shown to be better or worse, and not by less than the margin; it does not where
    all levels are within it. What is then not settled may be either.
    """
    found: dict[tuple[str, str, str], list[str]] = {}
    for effect in effects:
        if len(effect.levels) == 1:
            (factor,) = effect.levels
            found.setdefault((effect.gap.reference, factor, effect.gap.task), []).append(effect.gap.verdict)
    for (centre, factor, task), verdicts in found.items():
        yield FactorRating(centre=centre, factor=factor, task=task, rating=_rating(verdicts).value)


def _rating(verdicts: Sequence[str]) -> Rating:
    if any(each in (GapVerdict.REFERENCE_BETTER, GapVerdict.CANDIDATE_BETTER) for each in verdicts):
        return Rating.MATTERS
    within = all(each == GapVerdict.EQUIVALENT for each in verdicts)
    return Rating.WITHIN_MARGIN if within else Rating.NOT_SETTLED
