"""Verdicts on a single gap: whether two arms are equivalent in-domain, whether an arm has forgotten (a guard).

Extra forgetting is a candidate's change from the untuned model less the reference's on the same items: the
untuned model cancels, and what is left is the paired difference of the two.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from harness.compare.design import Arm
from harness.compare.scores import SuiteScores
from harness.statistics.contrast import Contrast, SeedVariance, contrast
from harness.statistics.moments import Moments
from harness.verdict.analysis import (
    Analysis,
    PairedScores,
    degenerate,
    few_units,
    seed_notes,
    suite_moments,
    weaknesses,
)
from harness.verdict.estimates import ConditionResult, IntervalEstimate, Need
from harness.verdict.futility import gap_chance
from harness.verdict.gain import gain
from harness.verdict.level import Level
from harness.verdict.records import GapComparison
from harness.verdict.required_sample import Distance, Goal, available_of, need_of
from harness.verdict.wording import Scale, gap_sentence, insufficient_sentence


class GapVerdict(StrEnum):
    """Labels of a single gap: in-domain's, a guard's, those of extra forgetting, and what all may end with."""

    EQUIVALENT = "equivalent within margin"
    REFERENCE_BETTER = "reference better"
    CANDIDATE_BETTER = "candidate better"
    SAFE = "no forgetting within margin"
    FORGETS = "forgets"
    FORGETS_UNSIZED = "forgets, size unresolved"
    SAFE_BESIDE = "no extra forgetting within margin"
    FORGETS_MORE = "forgets more"
    FORGETS_MORE_UNSIZED = "forgets more, size unresolved"
    INCONCLUSIVE = "inconclusive"
    INSUFFICIENT = "insufficient"


_FORGETTING = (GapVerdict.SAFE, GapVerdict.FORGETS, GapVerdict.FORGETS_UNSIZED)
_EXTRA_FORGETTING = (GapVerdict.SAFE_BESIDE, GapVerdict.FORGETS_MORE, GapVerdict.FORGETS_MORE_UNSIZED)
_UNSIZED = (GapVerdict.FORGETS_UNSIZED, GapVerdict.FORGETS_MORE_UNSIZED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A condition on one gap: what it says, whether it is shown, its p-value and the label that it gives."""

    name: str
    label: GapVerdict
    text: str
    met: bool
    p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One gap: who is compared on what, and the reduced differences (None where no pair of runs is left)."""

    reference: str
    candidate: str
    scores: SuiteScores
    differences: Moments | None
    sesoi: float
    level: Level
    seeds: int
    reasons: Sequence[str]
    notes: Sequence[str]
    given: SeedVariance | None = None
    planned: tuple[float, int] | None = None
    """The tail and the number of seeds of the last look, where it is still to come."""

    @property
    def gap(self) -> Contrast:
        """The gap with its variance."""
        assert self.differences is not None
        return contrast((self.differences,), (1.0,), seed_variance=self.given)

    @property
    def interval(self) -> tuple[float, float]:
        """The gap's interval at the subject's level."""
        low, high = self.gap.interval(self.level.tail)
        return float(low), float(high)

    @property
    def margin(self) -> str:
        """The smallest effect of interest as a text."""
        return Scale(self.scores.suite.metric).amount(self.sesoi)


def in_domain(analysis: Analysis, paired: PairedScores, inside: SuiteScores) -> GapComparison:
    """Judge a candidate against the reference on an in-domain suite, at the level of the primary comparisons."""
    rule = analysis.seed_rule(paired.pairs)
    subject = _paired(analysis, paired, inside, analysis.level)
    notes = (*seed_notes(paired, analysis.design.variances), *_gain_note(analysis, inside))
    planned = (analysis.last_tail, analysis.design.looks[-1]) if analysis.design.goes_on else None
    subject = replace(subject, notes=notes, given=rule((1.0,)) if rule else None, planned=planned)
    return _judged(subject, in_domain_tests(subject) if subject.differences else (), analysis)


def between(analysis: Analysis, paired: PairedScores, scores: SuiteScores, level: Level) -> GapComparison:
    """Judge two arms on any suite, in a family of that level: whether one is better, or neither."""
    subject = _paired(analysis, paired, scores, level)
    return _judged(subject, in_domain_tests(subject) if subject.differences else (), analysis)


def _gain_note(analysis: Analysis, inside: SuiteScores) -> Iterator[str]:
    """Yield that the reference is not shown to have learned anything: two that learned nothing are equivalent."""
    gained = gain(analysis, inside) if analysis.design.require_gain else None
    if gained is not None and not float(gained.contrast.interval(analysis.tail)[0]) > 0:
        yield f"{analysis.design.reference.name} is not shown to have gained over the untuned model here"


def _paired(analysis: Analysis, paired: PairedScores, scores: SuiteScores, level: Level) -> Subject:
    """Return a candidate beside the reference on a suite, in a family of one level; variances as measured here."""
    design = analysis.design
    return Subject(
        reference=design.reference.name,
        candidate=paired.candidate.name,
        scores=scores,
        differences=paired.of(scores.suite),
        sesoi=design.sesoi_of(scores.suite),
        level=level,
        seeds=paired.pairs,
        reasons=tuple(weaknesses(paired, (scores,))),
        notes=tuple(seed_notes(paired, {})),
    )


def in_domain_tests(subject: Subject) -> tuple[Test, ...]:
    """Return the conditions of in-domain equivalence and difference, the one that decides first."""
    gap, (low, high), m = subject.gap, subject.interval, subject.sesoi
    task, margin = subject.scores.suite.task, subject.margin
    first, second = subject.reference, subject.candidate
    return (
        Test(
            name="within_margin",
            label=GapVerdict.EQUIVALENT,
            text=f"{first} and {second} differ by less than {margin} on {task}",
            met=-m < low and high < m,
            p=gap.p_inside(m),
        ),
        Test(
            name="reference_better",
            label=GapVerdict.REFERENCE_BETTER,
            text=f"{first} is better than {second} on {task}",
            met=low > 0,
            p=gap.p_above(0.0),
        ),
        Test(
            name="candidate_better",
            label=GapVerdict.CANDIDATE_BETTER,
            text=f"{second} is better than {first} on {task}",
            met=high < 0,
            p=gap.p_below(0.0),
        ),
    )


def guard(analysis: Analysis, arm: Arm, scores: SuiteScores) -> GapComparison:
    """Judge whether an arm forgot: the base model's score minus the arm's, on the same items."""
    base = analysis.design.base
    assert base is not None
    ran = [k for k, scored in enumerate(arm.ran) if scored] if base.ran[0] else []
    differences = suite_moments(scores, scores.values[base.name] - scores.values[arm.name][ran]) if ran else None
    reasons = [*few_units(scores), *(degenerate(differences, scores.suite.task) if differences else ())]
    subject = Subject(
        reference=base.name,
        candidate=arm.name,
        scores=scores,
        differences=differences,
        sesoi=analysis.design.sesoi_of(scores.suite),
        level=analysis.guard_level,
        seeds=len(ran),
        reasons=reasons if ran else ["the base model or every run of the arm failed"],
        notes=(),
    )
    return _judged(subject, guard_tests(subject) if differences else (), analysis)


def extra_forgetting(analysis: Analysis, paired: PairedScores, scores: SuiteScores) -> GapComparison:
    """Judge whether a candidate forgot more than the reference: their paired difference on a guard."""
    subject = _paired(analysis, paired, scores, analysis.extra_level)
    return _judged(subject, guard_tests(subject, _EXTRA_FORGETTING) if subject.differences else (), analysis)


def guard_tests(subject: Subject, labels: tuple[GapVerdict, GapVerdict, GapVerdict] = _FORGETTING) -> tuple[Test, ...]:
    """Return the conditions of a guard, the one that decides first, with the labels that they give."""
    safe, forgets, unsized = labels
    gap, (low, high), m = subject.gap, subject.interval, subject.sesoi
    task, margin = subject.scores.suite.task, subject.margin
    arm, base = subject.candidate, subject.reference
    return (
        Test(
            name="loses_less_than_margin",
            label=safe,
            text=f"{arm} loses less than {margin} against {base} on {task}",
            met=high < m,
            p=gap.p_below(m),
        ),
        Test(
            name="loses_more_than_margin",
            label=forgets,
            text=f"{arm} loses more than {margin} against {base} on {task}",
            met=low > m,
            p=gap.p_above(m),
        ),
        Test(
            name="loses",
            label=unsized,
            text=f"{arm} is worse than {base} on {task}",
            met=low > 0,
            p=gap.p_above(0.0),
        ),
    )


def _judged(subject: Subject, tests: Sequence[Test], analysis: Analysis) -> GapComparison:
    one_checkpoint = subject.seeds == 1 and subject.given is None
    decided = next((test for test in tests if test.met), None)
    label = GapVerdict.INCONCLUSIVE if decided is None or one_checkpoint else decided.label
    label = GapVerdict.INSUFFICIENT if subject.reasons else label
    gap = IntervalEstimate.of(subject.gap, subject.level) if tests else None
    scale = Scale(subject.scores.suite.metric)
    claim = f"{decided.text[0].upper()}{decided.text[1:]}." if decided and label is decided.label else "Not settled."
    sentence = insufficient_sentence(subject.reasons)
    if gap and not subject.reasons:
        sentence = gap_sentence(claim, gap, subject.scores.suite.task, scale=scale, level=subject.level.percent)
    return GapComparison(
        model=subject.scores.model,
        reference=subject.reference,
        candidate=subject.candidate,
        task=subject.scores.suite.task,
        metric=subject.scores.suite.metric,
        higher_is_better=subject.scores.higher_is_better,
        sesoi=subject.sesoi,
        verdict=label.value,
        sentence=sentence,
        seeds=subject.seeds,
        items=subject.scores.items,
        units=subject.scores.units,
        gap=gap,
        conditions=tuple(_result(test, subject, allowed=not one_checkpoint) for test in tests),
        need=_need(subject, tests, analysis) if label is GapVerdict.INCONCLUSIVE else None,
        notes=tuple(subject.notes),
        chance=_chance(subject) if tests else None,
    )


def _chance(subject: Subject) -> float | None:
    """Return how likely all seeds are to settle the in-domain gap; None where there is nothing to say."""
    if subject.planned is None or subject.reasons or subject.seeds == 1 or subject.differences is None:
        return None
    tail, seeds = subject.planned
    return float(gap_chance((subject.differences,), subject.gap.estimate, subject.sesoi, tail=tail, seeds=seeds))


def _result(test: Test, subject: Subject, *, allowed: bool) -> ConditionResult:
    met, p = test.met and allowed, test.p if allowed else None
    return ConditionResult(name=test.name, text=test.text, met=met, p=p, p_adjusted=subject.level.adjusted(p))


def _need(subject: Subject, tests: Sequence[Test], analysis: Analysis) -> Need | None:
    """Return what the labels that the estimate points at would take."""
    if subject.differences is None or subject.given is not None:
        return None
    distances = {test.label: _distance(test, subject, subject.differences) for test in tests}
    wanted = [
        Goal(label=label.value, decisive=label not in _UNSIZED, conditions=(each,), missed=(each.name,))
        for label, each in distances.items()
        if each.pointed_at
    ]
    return need_of(
        wanted,
        seeds=subject.seeds,
        items={subject.scores.suite.task: subject.scores.items},
        available=available_of(analysis.design, (subject.scores,)),
        tail=subject.level.tail,
    )


def _distance(test: Test, subject: Subject, differences: Moments) -> Distance:
    """Return how far inside a test's condition the estimate is; the conditions of a guard are about the margin."""
    value, m = float(subject.gap.estimate), subject.sesoi
    inside = {
        GapVerdict.EQUIVALENT: (m + value, m - value),
        GapVerdict.REFERENCE_BETTER: (value,),
        GapVerdict.CANDIDATE_BETTER: (-value,),
        **dict.fromkeys((GapVerdict.SAFE, GapVerdict.SAFE_BESIDE), (m - value,)),
        **dict.fromkeys((GapVerdict.FORGETS, GapVerdict.FORGETS_MORE), (value - m,)),
        **dict.fromkeys(_UNSIZED, (value,)),
    }
    about_zero = (GapVerdict.REFERENCE_BETTER, GapVerdict.CANDIDATE_BETTER, *_UNSIZED)
    return Distance(
        name=test.name,
        suites=(differences,),
        weights=(1.0,),
        distances=inside[test.label],
        least=m if test.label in about_zero else 0.0,
    )
