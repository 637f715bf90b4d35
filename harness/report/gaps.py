"""Gaps with their intervals as text, and the table of all gaps where there are no scores to put them beside."""

from tabulate import tabulate

from harness.report.scores import NONE
from harness.verdict.records import Estimate, Simple, Verdicts
from harness.verdict.wording import Scale


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
        [one.candidate, one.task, "in-domain", *_numbers(one.gap, one.metric), one.verdict]
        for one in verdicts.in_domain
    ]
    rows += [
        [each.candidate, each.out_of_domain, "out-of-domain", *_numbers(each.gap_out, each.metric), each.verdict]
        for each in verdicts.comparisons
    ]
    headers = ["candidate", "suite", "role", "gap", "interval", "p", "verdict"]
    return f"{about_gaps(verdicts)}\n{tabulate(rows, headers=headers, disable_numparse=True)}"


def _numbers(gap: Estimate | None, metric: str) -> list[str]:
    if gap is None:
        return [NONE, NONE, NONE]
    write = Scale(metric).number
    low, high = gap.interval
    return [write(gap.estimate), f"{write(low)} … {write(high)}", p_value(gap.p_adjusted)]


def gap_text(gap: Estimate | None, metric: str) -> str:
    """Return ``0.194 [0.145, 0.243]``, a dash where there is no gap."""
    if gap is None:
        return NONE
    write = Scale(metric).number
    low, high = gap.interval
    return f"{write(gap.estimate)} [{write(low)}, {write(high)}]"


def change_text(one: Simple) -> str:
    """Return a guard's gap turned round, as the change it is: ``-1.2 [-3.0, +0.6]``, negative for what was lost."""
    if one.gap is None:
        return NONE
    write = Scale(one.metric).signed
    low, high = one.gap.interval
    return f"{write(-one.gap.estimate)} [{write(-high)}, {write(-low)}]"


def p_value(p: float) -> str:
    """Return a p-value to three digits."""
    return f"{p:.3g}" if p >= 1e-4 else "<0.0001"  # noqa: PLR2004
