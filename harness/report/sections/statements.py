"""Verdicts in sentences: what was concluded, what is missing for more, which runs failed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from harness.compare.costs import RunCosts
from harness.report.document import Block, Cell, Finding, Number, Prose, Table, Weight, Words
from harness.report.sections.gains import accuracy_marks, margins, share_sentences
from harness.report.sections.needs import need_lines, needs_table
from harness.verdict.estimates import ConditionResult
from harness.verdict.ranks import DECISIVE, rank
from harness.verdict.records import Failures, GapComparison, PersistenceComparison, Verdicts

CONDITION = 62
"""Characters for a condition in its table."""
_ROLES = {"in_domain": "in-domain", "out_of_domain": "out-of-domain", "guard": "a guard"}
MESSAGE = 42
"""Characters for what was said of a failed run."""


def statements(verdicts: Verdicts, costs: RunCosts | None = None, *, details: bool = False) -> Iterator[Block]:
    """Yield a finding a verdict with what is missing for more, then failures and notes.

    What is missing is priced by `costs`, where there are any. `details` adds every condition with its p-value.
    """
    yield from _not_compared(verdicts)
    for persistence in verdicts.comparisons:
        needs = need_lines(persistence, costs)
        yield _persistence(persistence, share_sentences(verdicts, persistence), needs, details=details)
    for gap in _gaps(verdicts, details=details):
        yield _gap(gap, need_lines(gap, costs), details=details, beyond=gap in verdicts.extra_forgetting)
    yield from needs_table(verdicts, costs)
    yield from failures_table(verdicts)
    yield from accuracy_marks(verdicts)
    yield from margins(verdicts)
    yield from general_notes(verdicts)


def conclusions(verdicts: Verdicts) -> Iterator[Finding]:
    """Yield a finding a verdict with every condition that it rests on, without what is missing for more.

    Of guards there is one each, whatever was found; in-domain gaps alone have one where no verdict holds them.
    """
    yield from _not_compared(verdicts)
    for persistence in verdicts.comparisons:
        yield _persistence(persistence, share_sentences(verdicts, persistence), (), details=True)
    for gap in (*(() if verdicts.comparisons else verdicts.in_domain), *verdicts.guards):
        yield _gap(gap, (), details=True)
    for gap in verdicts.extra_forgetting:
        yield _gap(gap, (), details=True, beyond=True)


def open_questions(verdicts: Verdicts, costs: RunCosts | None = None) -> Iterator[Block]:
    """Yield for each verdict that leaves something open what would settle it, and the table of other readings."""
    asked: tuple[PersistenceComparison | GapComparison, ...] = (
        *verdicts.comparisons,
        *_gaps(verdicts, details=False),
    )
    for one in asked:
        lines = tuple(need_lines(one, costs))
        if lines:
            yield Finding(title=_subject(one), lines=lines, subject=_subject(one))
    yield from needs_table(verdicts, costs)


def failures_table(verdicts: Verdicts) -> Iterator[Table]:
    """Yield the table of runs without scores, nothing where each has some."""
    if verdicts.failures:
        yield _failures(verdicts)


def general_notes(verdicts: Verdicts) -> Iterator[Prose]:
    """Yield what is to be known of all verdicts, and which variants and placebos could not be judged on a suite."""
    for note in verdicts.notes:
        yield Prose(f"note: {note}")
    for reason in dict.fromkeys(reason for each in verdicts.not_compared_beside for reason in each.reasons):
        yield Prose(f"not judged beside what it varies, or has as its placebo: {reason}")


def _not_compared(verdicts: Verdicts) -> Iterator[Finding]:
    for suite in verdicts.not_compared:
        title = f"{suite.task}: NOT COMPARED ({_ROLES[suite.role]})"
        yield Finding(title=title, lines=suite.reasons, subject=suite.task, label="not compared")


def _subject(one: PersistenceComparison | GapComparison) -> str:
    return f"{one.candidate}, {one.place}"


def weight(verdict: str) -> Weight:
    """Return how far a verdict goes."""
    return "settled" if rank(verdict) == DECISIVE else "open"


def _gaps(verdicts: Verdicts, *, details: bool) -> Iterator[GapComparison]:
    """Yield the gaps to speak of: in-domain ones only where there is no verdict about persistence to hold them."""
    if not verdicts.comparisons:
        yield from verdicts.in_domain
    yield from (one for one in verdicts.guards if details or one.need is not None)
    if details:
        yield from verdicts.extra_forgetting


def _persistence(one: PersistenceComparison, shares: Iterable[str], needs: Iterable[str], *, details: bool) -> Finding:
    fragile = f"fragile: counting failed runs as worst, the verdict is {one.verdict_if_failures_are_worst!r}"
    return Finding(
        title=f"{_subject(one)}: {one.verdict.upper()}",
        lines=(
            one.sentence,
            *_ratio(one),
            *shares,
            *needs,
            *(f"note: {note}" for note in one.notes),
            *([fragile] if one.fragile else []),
        ),
        conditions=_conditions(one.conditions) if details and one.conditions else None,
        subject=_subject(one),
        label=one.verdict,
        weight=weight(one.verdict),
    )


def _gap(one: GapComparison, needs: Iterable[str], *, details: bool, beyond: bool = False) -> Finding:
    """Return the finding on one gap; `beyond` says that it is what was forgotten beyond the reference."""
    subject = f"{_subject(one)}, beyond {one.reference}" if beyond else _subject(one)
    return Finding(
        title=f"{subject}: {one.verdict.upper()}",
        lines=(one.sentence, *needs, *(f"note: {note}" for note in one.notes)),
        conditions=_conditions(one.conditions) if details and one.conditions else None,
        subject=subject,
        label=one.verdict,
        weight=weight(one.verdict),
    )


def _ratio(one: PersistenceComparison) -> Iterator[str]:
    """Yield the share that is left, where the in-domain gap is told apart from 0."""
    if one.ratio is None or one.gap_in is None or one.ratio.estimate is None:
        return
    low, high = one.gap_in.interval
    if not low <= 0 <= high:
        ends = ", ".join(f"{start:.3g} to {end:.3g}" for start, end in one.ratio.intervals)
        yield f"Out-of-domain gap as a share of the in-domain gap: {one.ratio.estimate:.3g} ({one.ratio.kind}: {ends})."


def _conditions(conditions: Sequence[ConditionResult]) -> Table:
    return Table(
        headers=("", "condition", ("p, one-sided,", "adjusted")),
        rows=tuple(
            (
                "met" if each.met else "not shown",
                Words(each.text, CONDITION),
                None if each.p_adjusted is None else Number(value=each.p_adjusted, form="{:.3g}"),
            )
            for each in conditions
        ),
    )


def _failures(verdicts: Verdicts) -> Table:
    return Table(
        title="Runs without scores",
        headers=("arm", "runs", ("95%", "interval"), ("p against", "reference"), "why"),
        rows=tuple(map(_failure, verdicts.failures)),
    )


def _failure(each: Failures) -> tuple[Cell, ...]:
    rate, p = each.rate, each.p_against_reference
    messages = Counter(each.messages).items()
    why = tuple(Words(f"{count} × {message}" if count > 1 else message, MESSAGE) for message, count in messages)
    return (
        each.arm,
        f"{rate.failed} of {rate.runs}",
        f"{rate.low:.0%} … {rate.high:.0%}",
        None if p is None else Number(value=p, form="{:.3g}"),
        why or None,
    )
