"""What declared factors do: each variant of a recipe beside the recipe, and how far the outcome hangs on a factor."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from harness.compare.design import Design, Varied
from harness.compare.scores import Reading
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


def guard_effects_level(design: Design) -> Level | None:
    """Return that of effects on guards, shared by variants times guards: a family of its own; None without guards."""
    guards = design.suites_of("guard")
    return Level.shared_by(len(design.varied) * len(guards), design) if guards else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A variant beside its centre: read by itself, since what is amiss with it says nothing of the others."""

    varied: Varied
    analysis: Analysis


def besides(design: Design, reading: Reading) -> Iterator[Beside]:
    """Yield each variant beside its centre on every suite, guards too; what cannot be compared the `reading` keeps."""
    for each in design.varied:
        beside = design.beside(each.centre, each.arm, guarded=True)
        yield Beside(varied=each, analysis=Analysis.of(beside, reading.of(beside)))


def factor_effects(design: Design, besides: Sequence[Beside]) -> Iterator[FactorEffect]:
    """Yield what each variant does, by centre and suite."""
    for _, group in groupby(besides, key=lambda each: each.varied.centre.name):
        effects = [effect for each in group for effect in _effects(design, each)]
        for task in dict.fromkeys(suite.task for suite in design.suites):
            yield from (each for each in effects if each.gap.task == task)


def _effects(design: Design, beside: Beside) -> Iterator[FactorEffect]:
    analysis = beside.analysis
    learned, guards = effects_level(design), guard_effects_level(design)
    for one in analysis.scores:
        level = guards if guards and one.suite.role == "guard" else learned
        gap = between(analysis, analysis.candidates[0], one, level)
        yield FactorEffect(levels=dict(beside.varied.levels), gap=gap)


def factor_ratings(effects: Sequence[FactorEffect], varied: Sequence[Varied]) -> Iterator[FactorRating]:
    """Yield what the levels of each factor come to on each suite; of factors that vary together there is none.

    A factor matters where some level is shown to be better or worse, and not by less than the margin; it does not where
    all levels that were `varied` are within it, each judged. What is then not settled may be either.
    """
    levels = Counter((each.centre.name, *each.levels) for each in varied)
    found: dict[tuple[str, str, str], list[str]] = {}
    for effect in effects:
        if len(effect.levels) == 1:
            (factor,) = effect.levels
            found.setdefault((effect.gap.reference, factor, effect.gap.task), []).append(effect.gap.verdict)
    for (centre, factor, task), verdicts in found.items():
        rating = _rating(verdicts, levels[centre, factor])
        yield FactorRating(centre=centre, factor=factor, task=task, rating=rating.value)


def _rating(verdicts: Sequence[str], levels: int) -> Rating:
    if any(each in (GapVerdict.REFERENCE_BETTER, GapVerdict.CANDIDATE_BETTER) for each in verdicts):
        return Rating.MATTERS
    within = len(verdicts) == levels and all(each == GapVerdict.EQUIVALENT for each in verdicts)
    return Rating.WITHIN_MARGIN if within else Rating.NOT_SETTLED
