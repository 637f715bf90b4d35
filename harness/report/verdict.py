"""Verdicts as text: tables and sentences from the records, nothing computed anew."""

from collections import Counter
from collections.abc import Iterable, Iterator

from harness.report.forgetting import forgetting_table
from harness.report.gaps import gaps_table
from harness.report.layout import cell, prose, table
from harness.verdict.records import (
    ConditionResult,
    Failures,
    GapComparison,
    PersistenceComparison,
    RequiredSample,
    Verdicts,
)

CELL = 62
"""Columns for a condition in its table."""


def verdicts_text(verdicts: Verdicts, *, details: bool = False) -> str:
    """Return the verdicts for a terminal: tables of gaps and of forgetting, then what `statements` says."""
    parts = [gaps_table(verdicts), forgetting_table(verdicts), statements(verdicts, details=details)]
    return "\n\n".join(part for part in parts if part)


def statements(verdicts: Verdicts, *, details: bool = False) -> str:
    """Return a paragraph a verdict, what is missing for one, what failed, and notes.

    `details` adds every condition with its p-value.
    """
    parts = [
        *(_comparison(each, details=details) for each in verdicts.comparisons),
        *(_simple(each, details=details) for each in _standalone(verdicts)),
        *(_simple(each, details=details) for each in verdicts.guards if details or each.need is not None),
        *(_simple(each, details=details) for each in verdicts.extra_forgetting if details),
        _failures(verdicts),
        *(prose(f"note: {note}") for note in verdicts.notes),
    ]
    return "\n\n".join(part for part in parts if part)


def _standalone(verdicts: Verdicts) -> tuple[GapComparison, ...]:
    """In-domain verdicts in full only where there is no verdict about persistence to hold them."""
    return () if verdicts.comparisons else verdicts.in_domain


def _comparison(one: PersistenceComparison, *, details: bool) -> str:
    worst = f"fragile: counting failed runs as worst, the verdict is {one.verdict_if_failures_are_worst!r}"
    title = f"{one.candidate}, {one.in_domain} → {one.out_of_domain}: {one.verdict.upper()}"
    ratio = _ratio(one)
    body = [one.sentence, *([ratio] if ratio else []), *_needed(one.need), *(f"note: {note}" for note in one.notes)]
    body += [worst] if one.fragile else []
    return _paragraph(title, body, one.conditions if details else ())


def _paragraph(title: str, body: Iterable[str], conditions: tuple[ConditionResult, ...]) -> str:
    told = [title, *(prose(line, indent="  ") for line in body), *([_conditions(conditions)] if conditions else [])]
    return "\n".join(told)


def _ratio(one: PersistenceComparison) -> str:
    """Return the share that is left, where the in-domain gap is told apart from 0."""
    if one.ratio is None or one.gap_in is None or one.ratio.estimate is None:
        return ""
    low, high = one.gap_in.interval
    if low <= 0 <= high:
        return ""
    ends = ", ".join(f"{start:.3g} to {end:.3g}" for start, end in one.ratio.intervals)
    return f"Out-of-domain gap as a share of the in-domain gap: {one.ratio.estimate:.3g} ({one.ratio.kind}: {ends})."


def _needed(need: RequiredSample | None) -> Iterator[str]:
    if need is not None:
        yield f"The estimates point at {need.target!r}. {need.text}"


def _conditions(conditions: tuple[ConditionResult, ...]) -> str:
    rows = [
        ["met" if each.met else "not shown", cell(each.text, CELL), f"{each.p_adjusted:.3g}"] for each in conditions
    ]
    return table(rows, ["", "condition", "p, one-sided,\nadjusted"])


def _simple(one: GapComparison, *, details: bool) -> str:
    lines = [one.sentence, *_needed(one.need), *(f"note: {note}" for note in one.notes)]
    return _paragraph(f"{one.candidate}, {one.task}: {one.verdict.upper()}", lines, one.conditions if details else ())


def _failures(verdicts: Verdicts) -> str:
    if not verdicts.failures:
        return ""
    rows = [_failure(each) for each in verdicts.failures]
    return "Runs without scores\n" + table(rows, ["arm", "runs", "95%\ninterval", "p against\nreference", "why"])


def _failure(each: Failures) -> list[str]:
    rate = each.rate
    against = "–" if each.p_against_reference is None else f"{each.p_against_reference:.3g}"
    counted = Counter(each.messages)
    said = (f"{count} × {message}" if count > 1 else message for message, count in counted.items())
    why = "\n".join(cell(message, CELL - 20) for message in said) or "–"
    return [each.arm, f"{rate.failed} of {rate.runs}", f"{rate.low:.0%} … {rate.high:.0%}", against, why]
