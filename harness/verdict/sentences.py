"""The verdict in a sentence for a reader who is no statistician, with its conditions."""

from harness.verdict.records import Estimate
from harness.verdict.rules import Label
from harness.verdict.wording import Names, Scale

_CLAIMS = {
    Label.NO_GAP: "There is no gap to follow: on {inside} the two differ by less than {margin_in}.",
    Label.VANISHES: (
        "The lead of {leader} over {other} on {inside} vanishes on {outside}: it is smaller there, and within "
        "{margin_out} of nothing."
    ),
    Label.REVERSES: "The lead of {leader} over {other} on {inside} turns round: on {outside} {other} is better.",
    Label.AMPLIFIES: "The lead of {leader} over {other} on {inside} is larger on {outside}.",
    Label.ATTENUATES: "The lead of {leader} over {other} on {inside} is smaller on {outside}, but still there.",
    Label.PERSISTS: (
        "The lead of {leader} over {other} on {inside} persists on {outside}: more than {retention:.0%} of it is left."
    ),
    Label.PERSISTS_UNSIZED: (
        "{leader} is better than {other} on {inside} and on {outside}; how much of the lead is left is not settled."
    ),
    Label.SHRINKS_UNRESOLVED: (
        "The lead of {leader} over {other} on {inside} is smaller on {outside}; whether any is left is not settled."
    ),
    Label.INCONCLUSIVE: "Not settled: whether the gap between {leader} and {other} on {inside} persists on {outside}.",
}


def persistence_sentence(
    label: Label,
    names: Names,
    gaps: tuple[Estimate, Estimate],
    margins: tuple[float, float],
    *,
    scale: Scale,
    level: float,
    retention: float,
    unchanged: bool,
) -> str:
    """Return the claim of a label with both gaps and their intervals, in-domain first."""
    claim = _CLAIMS[label].format(
        leader=names.leader,
        other=names.other,
        inside=names.inside,
        outside=names.outside,
        margin_in=scale.amount(margins[0]),
        margin_out=scale.amount(margins[1]),
        retention=retention,
    )
    steady = f" It changes by less than {scale.amount(min(margins))}." if unchanged else ""
    inside, outside = (scale.estimate(gap, level) for gap in gaps)
    return f"{claim}{steady} Gap on {names.inside}: {inside}; on {names.outside}: {outside}."


def insufficient_sentence(reasons: list[str]) -> str:
    """Return why there is no verdict."""
    return f"No verdict: {'; '.join(reasons)}."


def simple_sentence(claim: str, gap: Estimate, task: str, *, scale: Scale, level: float) -> str:
    """Return a claim about one gap with its interval."""
    return f"{claim} Gap on {task}: {scale.estimate(gap, level)}."
