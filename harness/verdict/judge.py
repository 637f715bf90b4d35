"""Judges a design: its scores are read, and every verdict on them is returned."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace

from harness.compare.design import Arm, Design, FailedRun
from harness.compare.scores import NotCompared, Reading, SuiteScores, cannot_be_compared, read_comparable
from harness.compare.sources import read_once
from harness.statistics.failures import FailureRate, failure_rate, failures_differ
from harness.verdict.accuracy import accuracy_levels, marked_gap, marked_persistence
from harness.verdict.analysis import Analysis
from harness.verdict.effects import besides, effects_level, factor_effects, factor_ratings, guard_effects_level
from harness.verdict.gain import gate_notes
from harness.verdict.gap import extra_forgetting, guard, in_domain
from harness.verdict.grades import factor_grades
from harness.verdict.growth import growth_level, rank_growths
from harness.verdict.interactions import factor_interactions, interactions_level
from harness.verdict.looks import judge_at_looks
from harness.verdict.persistence import Persistence
from harness.verdict.placebo import placebo_gains, placebo_level
from harness.verdict.recommendation import recommendation
from harness.verdict.records import DeclaredMargin, Failures, PersistenceComparison, Verdicts
from harness.verdict.share import control_shares, gain_shares


def judge(design: Design, *, allow_none: bool = False) -> Verdicts:
    """Read a design's sample files and judge what can be compared; what cannot is said in `Verdicts.not_compared`.

    What no run stops for, gains over placebos and effects of factors, is told of the last look that was taken, with its
    share of the error rate: when the run stops hangs on scores of the same seeds.

    Raises `ComparisonError` with everything that does not pair where no suite is left, unless `allow_none`.
    """
    with read_once() if design.placebos or design.varied else nullcontext():
        return _judge(design, allow_none=allow_none)


def _judge(design: Design, *, allow_none: bool) -> Verdicts:
    scores, left_out = read_comparable(design)
    if not scores and not allow_none:
        raise cannot_be_compared(left_out)
    verdicts, seen, reading = judge_scores(design, scores, left_out), design.at_last, Reading()
    if design.placebos:
        level = placebo_level(seen).confidence
        verdicts = replace(verdicts, placebos=tuple(placebo_gains(seen, reading)), placebo_level=level)
    if design.varied:
        verdicts = _with_effects(verdicts, seen, reading)
    return replace(verdicts, not_compared_beside=reading.left_out(left_out))


def _with_effects(verdicts: Verdicts, design: Design, reading: Reading) -> Verdicts:
    beside = tuple(besides(design, reading))
    found = tuple(factor_effects(design, beside))
    rated = tuple(factor_ratings(found, design.varied))
    guards = guard_effects_level(design)
    verdicts = replace(
        verdicts,
        effects=found,
        ratings=rated,
        grades=tuple(factor_grades(design, design.grades, beside)) if design.grades else (),
        effects_level=effects_level(design).confidence,
        effects_guard_level=guards.confidence if guards else None,
    )
    if between := tuple(factor_interactions(design, reading)):
        verdicts = replace(verdicts, interactions=between, interactions_level=interactions_level(design).confidence)
    grown = tuple(rank_growths(design, reading))
    return replace(verdicts, growth=grown, growth_level=growth_level(design).confidence) if grown else verdicts


def judge_scores(design: Design, scores: Sequence[SuiteScores], not_compared: Sequence[NotCompared] = ()) -> Verdicts:
    """Judge scores that have been read, at the looks that are declared or at their end: arrays in, records out."""
    if design.looks:
        return judge_at_looks(design, scores, lambda analysis: judged(analysis, not_compared))
    return judged(Analysis.of(design, scores), not_compared)


def judged(analysis: Analysis, not_compared: Sequence[NotCompared] = ()) -> Verdicts:
    """Judge an analysis once."""
    design, scores = analysis.design, analysis.scores
    guards = analysis.suites_of("guard")
    levels = tuple(accuracy_levels(analysis))
    return Verdicts(
        reference=design.reference.name,
        candidates=tuple(arm.name for arm in design.candidates),
        alpha=design.alpha,
        primary_comparisons=analysis.comparisons,
        level=analysis.level.confidence,
        guard_level=analysis.guard_level.confidence if guards else None,
        extra_level=analysis.extra_level.confidence if guards else None,
        retention=design.retention,
        comparisons=tuple(marked_persistence(each, levels) for each in _comparisons(analysis)),
        in_domain=tuple(
            marked_gap(in_domain(analysis, paired, inside), levels)
            for paired in analysis.candidates
            for inside in analysis.suites_of("in_domain")
        ),
        guards=tuple(marked_gap(guard(analysis, arm, one), levels) for arm in design.arms for one in guards),
        extra_forgetting=tuple(
            marked_gap(extra_forgetting(analysis, paired, one), levels)
            for paired in analysis.candidates
            for one in guards
        ),
        shares=tuple(gain_shares(analysis)),
        controls=tuple(control_shares(analysis)),
        accuracies=levels,
        margins=tuple(_margins(design)),
        failures=tuple(_failures(design)),
        not_compared=tuple(not_compared),
        recommendation=recommendation(analysis, not_compared),
        notes=tuple(
            dict.fromkeys([*design.notes, *gate_notes(analysis), *(each for one in scores for each in one.notes)])
        ),
    )


def _margins(design: Design) -> Iterator[DeclaredMargin]:
    for suite in design.suites:
        reason = design.sesoi_reason if suite.sesoi is None else suite.sesoi_reason
        yield DeclaredMargin(task=suite.task, metric=suite.metric, sesoi=design.sesoi_of(suite), reason=reason)


def _comparisons(analysis: Analysis) -> Iterator[PersistenceComparison]:
    """Judge every candidate on every pair of suites, and again with failed runs at their worst."""
    worst = _with_failures_worst(analysis)
    for k, paired in enumerate(analysis.candidates):
        for inside in analysis.suites_of("in_domain"):
            for outside in analysis.suites_of("out_of_domain"):
                other = Persistence(worst, worst.candidates[k], inside, outside).label() if paired.failed else None
                yield Persistence(analysis, paired, inside, outside).record(other)


def _with_failures_worst(analysis: Analysis) -> Analysis:
    if not any(paired.failed for paired in analysis.candidates):
        return analysis
    return Analysis.of(analysis.design, analysis.scores, failures_worst=True)


def _failures(design: Design) -> Iterator[Failures]:
    """Yield every arm's failures, once any arm has one."""
    if all(all(arm.ran) for arm in design.arms):
        return
    reference = _rate(design.reference)
    for arm in design.arms:
        rate = _rate(arm)
        yield Failures(
            arm=arm.name,
            rate=rate,
            messages=tuple(f"{run.kind}: {run.message}" for run in arm.runs if isinstance(run, FailedRun)),
            p_against_reference=None if arm is design.reference else failures_differ(rate, reference),
        )


def _rate(arm: Arm) -> FailureRate:
    return failure_rate(sum(not ran for ran in arm.ran), len(arm.runs))
