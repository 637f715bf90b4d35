"""Judging at declared looks: each with its own part of the error rate, and whether the run stops at one.

At look k, with n_k of n_K seeds, every condition, interval and p-value has the share (n_k - n_{k-1})/n_K of the error
rate. The shares add up to 1, so that all looks together err no more often than one judgement at the end would.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from harness.compare.design import Design
from harness.compare.scores import SuiteScores
from harness.spec.records import StopAt
from harness.verdict.analysis import Analysis
from harness.verdict.futility import FUTILE
from harness.verdict.ranks import is_waited_for, replaces
from harness.verdict.recommendation import standing
from harness.verdict.records import GapComparison, Look, Looks, PersistenceComparison, Verdicts

Primary = PersistenceComparison | GapComparison
Judge = Callable[[Analysis], Verdicts]
_Judged = TypeVar("_Judged", PersistenceComparison, GapComparison)


def judge_at_looks(design: Design, scores: Sequence[SuiteScores], judge: Judge) -> Verdicts:
    """Return what stands after the looks whose runs have been made, each judged by `judge` with its seeds alone.

    Before the first of them there is no verdict, only what is to be compared.
    """
    if not design.taken:
        return replace(judge(_seen(design, scores, 1)), looks=_looks(design, ()))
    kept, looks = None, []
    for number in design.taken:
        analysis = _seen(design, scores, number)
        found = _numbered(judge(analysis), number)
        kept = found if kept is None else _standing(kept, found)
        looks.append(_look(analysis, found, kept))
    assert kept is not None
    return replace(_noted(kept, looks), looks=_looks(design, looks))


def title(one: Primary) -> str:
    """Return what a primary comparison is called."""
    if isinstance(one, GapComparison):
        return f"{one.candidate}, {one.task}"
    return f"{one.candidate}, {one.in_domain} → {one.out_of_domain}"


def _seen(design: Design, scores: Sequence[SuiteScores], look: int) -> Analysis:
    cut = design.at(look)
    return Analysis.of(cut, tuple(one.of_first(cut.seeds) for one in scores))


def _looks(design: Design, taken: Sequence[Look]) -> Looks:
    last = taken[-1] if taken else None
    return Looks(
        seeds=design.looks,
        stop_at=design.stop_at,
        taken=tuple(taken),
        stopped_at=last.number if last and last.stop else None,
        passed=tuple(look.number for look in taken[:-1] if look.stop),
    )


def _look(analysis: Analysis, found: Verdicts, kept: Verdicts) -> Look:
    """Return a look as it was taken: `found` is what it gave by itself, `kept` what stands with it."""
    design = analysis.design
    return Look(
        number=design.look,
        seeds=tuple(run.seed for run in design.reference.runs),
        tail=analysis.tail,
        level=found.level,
        pairs={paired.candidate.name: paired.pairs for paired in analysis.candidates},
        labels={title(each): each.verdict for each in found.primary},
        stop=_stop(found.primary, kept.primary, design.stop_at) if design.goes_on else None,
    )


def _stop(found: Sequence[Primary], kept: Sequence[Primary], stop_at: StopAt) -> str | None:
    """Return why a run stops here, None where it goes on: each comparison has its verdict, or is unlikely to get it."""
    done = [is_waited_for(each.verdict, stop_at) for each in kept]
    futile = [each.chance is not None and each.chance < FUTILE for each in found]
    if not done:
        return None
    if all(done):
        return stop_at
    return "futile" if all(one or other for one, other in zip(done, futile, strict=True)) else None


def _numbered(verdicts: Verdicts, look: int) -> Verdicts:
    return _changed(verdicts, lambda one: replace(one, look=look))


def _standing(kept: Verdicts, found: Verdicts) -> Verdicts:
    """Return the verdicts of a look, with those of earlier ones that stand in their places."""

    def stands(before: Sequence[_Judged], now: Sequence[_Judged]) -> tuple[_Judged, ...]:
        pairs = zip(before, now, strict=True)
        return tuple(after if replaces(after.verdict, first.verdict) else first for first, after in pairs)

    return replace(
        found,
        comparisons=stands(kept.comparisons, found.comparisons),
        in_domain=stands(kept.in_domain, found.in_domain),
        guards=stands(kept.guards, found.guards),
        extra_forgetting=stands(kept.extra_forgetting, found.extra_forgetting),
        recommendation=standing(kept.recommendation, found.recommendation),
    )


def _noted(verdicts: Verdicts, taken: Sequence[Look]) -> Verdicts:
    """Say of a verdict that an earlier look gave it, and of a look which pairs of runs it lacked."""

    def noted(one: Any) -> Any:
        if one.look == taken[-1].number:
            return one
        seeds = len(taken[one.look - 1].seeds)
        note = f"this verdict was given at look {one.look}, with {seeds} seeds, and stands whatever later looks find"
        return replace(one, notes=(*one.notes, note))

    return replace(_changed(verdicts, noted), notes=(*verdicts.notes, *_lacking(taken)))


def _lacking(taken: Sequence[Look]) -> Iterator[str]:
    for look in taken:
        for candidate, pairs in look.pairs.items():
            if pairs < len(look.seeds):
                left = f"{len(look.seeds) - pairs} of {len(look.seeds)} pairs of runs of {candidate}"
                yield f"look {look.number} was taken without {left}: one of the two failed"


def _changed(verdicts: Verdicts, change: Callable[[Any], Any]) -> Verdicts:
    """Return verdicts with every single one changed."""
    return replace(
        verdicts,
        comparisons=tuple(map(change, verdicts.comparisons)),
        in_domain=tuple(map(change, verdicts.in_domain)),
        guards=tuple(map(change, verdicts.guards)),
        extra_forgetting=tuple(map(change, verdicts.extra_forgetting)),
    )
