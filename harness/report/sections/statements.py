"""Verdicts in sentences: what was concluded, what is missing for more, which runs failed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from harness.compare.costs import RunCosts
from harness.report.document import Block, Cell, Finding, Number, Prose, Table, Words
from harness.report.sections.gains import accuracy_marks, margins, share_sentences
from harness.report.sections.needs import need_lines, needs_table
from harness.verdict.estimates import ConditionResult
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
    for suite in verdicts.not_compared:
        yield Finding(title=f"{suite.task}: NOT COMPARED ({_ROLES[suite.role]})", lines=suite.reasons)
    for persistence in verdicts.comparisons:
        shares = share_sentences(verdicts, persistence)
        yield _persistence(persistence, shares, costs, details=details)
    for gap in _gaps(verdicts, details=details):
        yield _gap(gap, costs, details=details)
    yield from needs_table(verdicts, costs)
    if verdicts.failures:
        yield _failures(verdicts)
    yield from accuracy_marks(verdicts)
    yield from margins(verdicts)
    for note in verdicts.notes:
        yield Prose(f"note: {note}")


def _gaps(verdicts: Verdicts, *, details: bool) -> Iterator[GapComparison]:
    """Yield the gaps to speak of: in-domain ones only where there is no verdict about persistence to hold them."""
    if not verdicts.comparisons:
        yield from verdicts.in_domain
    yield from (one for one in verdicts.guards if details or one.need is not None)
    if details:
        yield from verdicts.extra_forgetting


def _persistence(
    one: PersistenceComparison, shares: Iterable[str], costs: RunCosts | None, *, details: bool
) -> Finding:
    fragile = f"fragile: counting failed runs as worst, the verdict is {one.verdict_if_failures_are_worst!r}"
    return Finding(
        title=f"{one.candidate}, {one.in_domain} → {one.out_of_domain}: {one.verdict.upper()}",
        lines=(
            one.sentence,
            *_ratio(one),
            *shares,
            *need_lines(one, costs),
            *(f"note: {note}" for note in one.notes),
            *([fragile] if one.fragile else []),
        ),
        conditions=_conditions(one.conditions) if details and one.conditions else None,
    )


def _gap(one: GapComparison, costs: RunCosts | None, *, details: bool) -> Finding:
    return Finding(
        title=f"{one.candidate}, {one.task}: {one.verdict.upper()}",
        lines=(one.sentence, *need_lines(one, costs), *(f"note: {note}" for note in one.notes)),
        conditions=_conditions(one.conditions) if details and one.conditions else None,
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
