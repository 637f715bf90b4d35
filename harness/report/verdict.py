"""Verdicts as text: tables and sentences from the records, nothing computed anew."""

from collections.abc import Iterator

from tabulate import tabulate

from harness.verdict.records import Comparison, ConditionResult, Estimate, Failures, Need, Simple, Verdicts
from harness.verdict.wording import Scale


def verdicts_text(verdicts: Verdicts, *, details: bool = False) -> str:
    """Return the verdicts for a terminal: a table of gaps, a sentence each, what is missing, what failed.

    `details` adds every condition with its p-value.
    """
    parts = [
        _gaps(verdicts),
        *(_comparison(each, details=details) for each in verdicts.comparisons),
        *(_simple(each, details=details) for each in _standalone(verdicts)),
        _guards(verdicts, details=details),
        _failures(verdicts),
        *(f"note: {note}" for note in verdicts.notes),
    ]
    return "\n\n".join(part for part in parts if part)


def _standalone(verdicts: Verdicts) -> tuple[Simple, ...]:
    """In-domain verdicts in full only where there is no verdict about persistence to hold them."""
    return () if verdicts.comparisons else verdicts.in_domain


def _gaps(verdicts: Verdicts) -> str:
    rows = [
        [one.candidate, one.task, "in-domain", *_numbers(one.gap, one.metric), one.verdict]
        for one in verdicts.in_domain
    ]
    rows += [
        [each.candidate, each.out_of_domain, "out-of-domain", *_numbers(each.gap_out, each.metric), each.verdict]
        for each in verdicts.comparisons
    ]
    shared = f", shared over {verdicts.primary_comparisons} comparisons" if verdicts.primary_comparisons > 1 else ""
    unit = Scale(verdicts.in_domain[0].metric).unit
    title = (
        f"Gap to {verdicts.reference} in {unit} (positive: {verdicts.reference} is better), "
        f"{100 * verdicts.level:.4g}% intervals over new seeds and new items{shared}"
    )
    headers = ["candidate", "suite", "role", "gap", "interval", "p", "verdict"]
    return f"{title}\n{tabulate(rows, headers=headers, disable_numparse=True)}"


def _numbers(gap: Estimate | None, metric: str) -> list[str]:
    if gap is None:
        return ["–", "–", "–"]
    write = Scale(metric).number
    low, high = gap.interval
    return [write(gap.estimate), f"{write(low)} … {write(high)}", f"{gap.p_adjusted:.3g}"]


def _comparison(one: Comparison, *, details: bool) -> str:
    fragile = (
        f"\n  fragile: counting failed runs as worst, the verdict is {one.verdict_if_failures_are_worst!r}"
        if one.fragile
        else ""
    )
    title = f"{one.candidate}, {one.in_domain} → {one.out_of_domain}: {one.verdict.upper()}"
    ratio = _ratio(one)
    body = [one.sentence, *([ratio] if ratio else []), *_needed(one.need), *(f"note: {note}" for note in one.notes)]
    table = f"\n{_conditions(one.conditions)}" if details else ""
    return title + "".join(f"\n  {line}" for line in body) + fragile + table


def _ratio(one: Comparison) -> str:
    """Return the share that is left, where the in-domain gap is told apart from 0."""
    if one.ratio is None or one.gap_in is None or one.ratio.estimate is None:
        return ""
    low, high = one.gap_in.interval
    if low <= 0 <= high:
        return ""
    ends = ", ".join(f"{start:.3g} to {end:.3g}" for start, end in one.ratio.intervals)
    return f"Out-of-domain gap as a share of the in-domain gap: {one.ratio.estimate:.3g} ({one.ratio.kind}: {ends})."


def _needed(need: Need | None) -> Iterator[str]:
    if need is not None:
        yield f"The estimates point at {need.target!r}. {need.text}"


def _conditions(conditions: tuple[ConditionResult, ...]) -> str:
    rows = [["met" if each.met else "not shown", each.text, f"{each.p_adjusted:.3g}"] for each in conditions]
    return tabulate(rows, headers=["", "condition", "p, one-sided, adjusted"], disable_numparse=True)


def _simple(one: Simple, *, details: bool) -> str:
    lines = [one.sentence, *_needed(one.need), *(f"note: {note}" for note in one.notes)]
    table = f"\n{_conditions(one.conditions)}" if details else ""
    return f"{one.candidate}, {one.task}: {one.verdict.upper()}" + "".join(f"\n  {line}" for line in lines) + table


def _guards(verdicts: Verdicts, *, details: bool) -> str:
    if not verdicts.guards:
        return ""
    rows = [[one.candidate, one.task, *_numbers(one.gap, one.metric), one.verdict] for one in verdicts.guards]
    level = 100 * (verdicts.guard_level or 0)
    title = f"Forgetting against {verdicts.guards[0].reference} (positive: worse than it), {level:.4g}% intervals"
    table = tabulate(rows, headers=["arm", "guard", "loss", "interval", "p", "verdict"], disable_numparse=True)
    told = [_simple(one, details=details) for one in verdicts.guards if details or one.need is not None]
    return "\n\n".join([f"{title}\n{table}", *told])


def _failures(verdicts: Verdicts) -> str:
    if not verdicts.failures:
        return ""
    rows = [_failure(each) for each in verdicts.failures]
    headers = ["arm", "failed", "95% interval", "p against reference", "what was said"]
    return f"Failed runs\n{tabulate(rows, headers=headers, disable_numparse=True)}"


def _failure(each: Failures) -> list[str]:
    rate = each.rate
    against = "–" if each.p_against_reference is None else f"{each.p_against_reference:.3g}"
    messages = "; ".join(each.messages) or "–"
    return [each.arm, f"{rate.failed} of {rate.runs}", f"{rate.low:.0%} … {rate.high:.0%}", against, messages]
