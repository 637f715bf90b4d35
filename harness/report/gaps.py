"""Gaps with their intervals as text, and the table of all gaps where there are no scores to put them beside."""

from harness.report.layout import cell, prose, table
from harness.report.scores import NONE
from harness.verdict.records import GapComparison, IntervalEstimate, Verdicts
from harness.verdict.wording import Scale

VERDICT = 16
"""Columns for a verdict, of which the longest words are ``within margin`` and ``size unresolved``."""


def about_gaps(verdicts: Verdicts) -> str:
    """Return what a gap is, its unit, and the level of its interval."""
    shared = f", shared over {verdicts.primary_comparisons} comparisons" if verdicts.primary_comparisons > 1 else ""
    return (
        f"Gap to {verdicts.reference} in {Scale(verdicts.in_domain[0].metric).unit} "
        f"(positive: {verdicts.reference} is better), {100 * verdicts.level:.4g}% intervals over new seeds and new "
        f"items{shared}"
    )


def gaps_table(verdicts: Verdicts) -> str:
    """Return the table: in-domain gaps, then the out-of-domain ones with what became of the gap."""
    rows = [
        _row(one.candidate, f"{one.task}\nin-domain", one.gap, one.metric, one.verdict) for one in verdicts.in_domain
    ]
    rows += [
        _row(each.candidate, f"{each.out_of_domain}\nout-of-domain", each.gap_out, each.metric, each.verdict)
        for each in verdicts.comparisons
    ]
    headers = ["candidate", "suite", "gap\n[interval]", "p", "verdict"]
    return "\n".join([prose(f"{about_gaps(verdicts)}."), table(rows, headers)])


def _row(candidate: str, suite: str, gap: IntervalEstimate | None, metric: str, verdict: str) -> list[str]:
    p = NONE if gap is None else p_value(gap.p_adjusted)
    return [candidate, suite, gap_text(gap, metric), p, verdict_text(verdict)]


def gap_text(gap: IntervalEstimate | None, metric: str) -> str:
    """Return ``0.194`` and below it ``[0.145, 0.243]``, a dash where there is no gap."""
    if gap is None:
        return NONE
    write = Scale(metric).number
    low, high = gap.interval
    return f"{write(gap.estimate)}\n[{write(low)}, {write(high)}]"


def change_text(one: GapComparison) -> str:
    """Return a guard's gap turned round, as the change it is: ``-1.2`` above ``[-3.0, +0.6]`` for what was lost."""
    if one.gap is None:
        return NONE
    write = Scale(one.metric).signed
    low, high = one.gap.interval
    return f"{write(-one.gap.estimate)}\n[{write(-high)}, {write(-low)}]"


def p_value(p: float) -> str:
    """Return a p-value to three digits."""
    return f"{p:.3g}" if p >= 1e-4 else "<0.0001"  # noqa: PLR2004


def verdict_text(verdict: str) -> str:
    """Return a verdict for a table's cell: ``persists,`` above ``size unresolved``."""
    return cell(verdict, VERDICT)
