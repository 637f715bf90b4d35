"""Gaps with their intervals as cells, and the table of all gaps where there are no scores to put them beside."""

from collections.abc import Iterator, Sequence

from harness.declarations.metrics import metric
from harness.report.document import Block, Cell, Interval, Number, Prose, PValue, Table, Words
from harness.report.sections.gains import share_cells, share_headers
from harness.verdict.by_seed import BySeed
from harness.verdict.estimates import IntervalEstimate
from harness.verdict.records import GapComparison, Verdicts
from harness.verdict.wording import Scale

ADJUSTED = ("p", "adjusted")
"""The heading of p-values: they are raised by the number of comparisons that share the error rate."""
VERDICT = 16
"""Characters for a verdict, of which the longest words are ``within margin`` and ``size unresolved``."""


def about_gaps(verdicts: Verdicts) -> str:
    """Return what a gap is, its unit, and the level of its interval."""
    judged = verdicts.in_domain[:1]
    if not judged:
        return "No gap: no in-domain suite can be compared"
    shared = f", shared over {verdicts.primary_comparisons} comparisons" if verdicts.primary_comparisons > 1 else ""
    return (
        f"Gap to {verdicts.reference} in {Scale(judged[0].metric).unit} "
        f"(positive: {verdicts.reference} is better), {100 * verdicts.level:.4g}% intervals over new seeds and new "
        f"items{shared}{_look(verdicts)}"
    )


def families(verdicts: Verdicts) -> str:
    """Return which statements share an error rate, and what it bounds."""
    alpha, primary = f"{100 * verdicts.alpha:.4g}%", verdicts.primary_comparisons
    others = [
        f"{len(each)} of {name}"
        for name, each in (("forgetting", verdicts.guards), ("extra forgetting", verdicts.extra_forgetting))
        if each
    ]
    shared = (
        f"The error rate of {alpha} is that of {primary} primary comparisons together"
        if primary > 1
        else f"The error rate of {alpha} is that of the one primary comparison"
    )
    apart = f"; {' and '.join(others)} are families of their own, {alpha} each" if others else ""
    return f"{shared}{apart}.{_any_label(verdicts)}"


def _any_label(verdicts: Verdicts) -> str:
    """Say what one comparison's error rate bounds: each label, and any label of two disjoint kinds of error."""
    if verdicts.primary_comparisons > 1 or not verdicts.comparisons:
        return ""
    return (
        f" In a single comparison the chance of one untrue label is at most {50 * verdicts.alpha:.4g}%, of any at most "
        f"{150 * verdicts.alpha:.4g}%: a false 'no gap' in-domain and a false side out-of-domain exclude each other."
    )


def _look(verdicts: Verdicts) -> str:
    """Say whose level it is where there are looks: a verdict that stands from an earlier one has that one's."""
    if verdicts.looks is None or not verdicts.looks.taken:
        return ""
    number = verdicts.looks.taken[-1].number
    given = {*(one.look for one in verdicts.in_domain), *(one.look for one in verdicts.comparisons)}
    earlier = given != {number}
    return f", at look {number}{'; a verdict of an earlier look has its seeds and level' if earlier else ''}"


def gaps_block(verdicts: Verdicts) -> Block:
    """Return the table: in-domain gaps, then the out-of-domain ones with what became of the gap.

    Where there is no gap, that is said.
    """
    inside = [
        (
            one.candidate,
            (one.task, "in-domain"),
            *verdict_cells(one.gap, one.metric, one.verdict),
            *share_cells(verdicts, one.candidate, one.task),
        )
        for one in verdicts.in_domain
    ]
    outside = [
        (
            one.candidate,
            (one.out_of_domain, "out-of-domain"),
            *verdict_cells(one.gap_out, one.metric, one.verdict),
            *share_cells(verdicts, one.candidate, one.out_of_domain),
        )
        for one in verdicts.comparisons
    ]
    if not inside and not outside:
        return Prose(f"{about_gaps(verdicts)}.")
    return Table(
        title=f"{about_gaps(verdicts)}.",
        headers=("candidate", "suite", ("gap", "[interval]"), ADJUSTED, "verdict", *share_headers(verdicts)),
        rows=(*inside, *outside),
    )


def verdict_cells(gap: IntervalEstimate | None, metric_name: str, verdict: str) -> tuple[Cell, Cell, Cell]:
    """Return a gap, its adjusted p-value and the verdict on it."""
    return (
        gap_cell(gap, metric_name),
        None if gap is None or gap.p_adjusted is None else PValue(gap.p_adjusted),
        verdict_cell(verdict),
    )


def gap_cell(gap: IntervalEstimate | None, metric_name: str) -> Interval | None:
    """Return a gap with its interval, nothing where there is no gap."""
    return None if gap is None else _interval(gap.estimate, *gap.interval, metric_name)


def change_cell(one: GapComparison) -> Cell:
    """Return a guard's gap turned round, as the change that it is: negative for what was lost, with its sign."""
    if one.gap is None:
        return None
    low, high = one.gap.interval
    return _interval(-one.gap.estimate, -high, -low, one.metric, sign="+")


def verdict_cell(verdict: str) -> Cell:
    """Return a verdict: ``persists,`` above ``size unresolved`` where lines are short."""
    return Words(verdict, VERDICT)


def _interval(estimate: float, low: float, high: float, metric_name: str, sign: str = "") -> Interval:
    points = metric(metric_name).points
    return Interval(
        estimate=estimate,
        low=low,
        high=high,
        form=f"{{:{sign}{'.1f' if points else '.3g'}}}",
        unit=Scale(metric_name).unit,
        times=100.0 if points else 1.0,
    )


_REMARK = (
    "Seeds of one model are no independent pairs. This speaks of the very items that were scored, and no verdict rests "
    "on it."
)


def seeds_block(found: Sequence[BySeed]) -> Iterator[Block]:
    """Yield who is ahead seed by seed; nothing where no comparison has seeds."""
    if found:
        yield Table(
            title="Seed by seed: with how many the candidate is ahead, the paired t and d_z (positive: it is ahead)",
            headers=("candidate", "suite", "ahead", "t", "d_z"),
            rows=tuple(_seeds_row(each) for each in found),
            notes=(_REMARK,),
        )


def _seeds_row(each: BySeed) -> tuple[Cell, ...]:
    seeds = each.found
    ties = f", {seeds.ties} even" if seeds.ties else ""
    figures = (None if value is None else Number(value=value, form="{:.2f}") for value in (seeds.t, seeds.effect_size))
    return (each.candidate, each.task, f"{seeds.wins} of {seeds.pairs}{ties}", *figures)
