"""Verdicts in words: numbers, conditions and sentences for a reader who is no statistician."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from harness.declarations.metrics import metric
from harness.verdict.estimates import IntervalEstimate
from harness.verdict.records import Looks
from harness.verdict.rules import Condition, Label, Margins

_CLAIMS = {
    Label.NOT_LEARNED: (
        "Nothing to follow: {reference} is not shown to have learned anything on {inside}. Its gain over the untuned "
        "model there: {gain}."
    ),
    Label.EMERGES: (
        "On {inside} the two differ by less than {margin_in}; on {outside} {ahead} is better than {behind} by more "
        "than {margin_out}."
    ),
    Label.NO_GAP: "There is no gap to follow: on {inside} the two differ by less than {margin_in}.",
    Label.VANISHES: (
        "The lead of {leader} over {other} on {inside} vanishes on {outside}: it is smaller there, and within "
        "{margin_out} of nothing."
    ),
    Label.REVERSES: "The lead of {leader} over {other} on {inside} turns round: on {outside} {other} is better.",
    Label.PERSISTS_UNCHANGED: (
        "The lead of {leader} over {other} on {inside} persists unchanged on {outside}: it changes by less than "
        "{margin_delta}, and more than {retention:.0%} of it is left."
    ),
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


@dataclass(frozen=True, slots=True)
class Scale:
    """How a metric's differences are written: accuracies in points (hundredths), others in their own unit."""

    name: str

    def amount(self, value: float) -> str:
        """Return ``3.2 points`` or ``0.031 bits/byte``."""
        return f"{self.number(value)} {self.unit}".rstrip()

    def number(self, value: float) -> str:
        """Return the number alone."""
        return f"{100 * value:.1f}" if metric(self.name).points else f"{value:.3g}"

    @property
    def times(self) -> float:
        """What a value is multiplied by to be in the unit."""
        return 100.0 if metric(self.name).points else 1.0

    @property
    def unit(self) -> str:
        """The unit's name; the metric's own name where it has none."""
        return metric(self.name).unit or self.name.partition(",")[0]

    def estimate(self, gap: IntervalEstimate, level: float) -> str:
        """Return ``3.2 points (95% interval 1.0 to 5.4)``."""
        low, high = gap.interval
        return f"{self.amount(gap.estimate)} ({level:.4g}% interval {self.number(low)} to {self.number(high)})"


@dataclass(frozen=True, slots=True)
class Names:
    """Who and what a comparison is about; `leader` is ahead in-domain by the estimate, `ahead` out-of-domain."""

    reference: str
    leader: str
    other: str
    ahead: str
    behind: str
    inside: str
    outside: str


def condition_text(condition: Condition, names: Names, margins: tuple[str, str, str], retention: float) -> str:
    """Return a condition as a statement about the arms; `margins` are written out: in, out, delta."""
    inside, outside, change = margins
    texts = {
        Condition.LEARNED: f"{names.reference} is better than the untuned model on {names.inside}",
        Condition.IN_WITHIN: f"on {names.inside} the two differ by less than {inside}",
        Condition.IN_GAP: f"{names.leader} is better than {names.other} on {names.inside}",
        Condition.OUT_WITHIN: f"on {names.outside} the two differ by less than {outside}",
        Condition.OUT_BEYOND: f"on {names.outside} the two differ by more than {outside}",
        Condition.OUT_SAME: f"{names.leader} is better than {names.other} on {names.outside}",
        Condition.OUT_OTHER: f"{names.other} is better than {names.leader} on {names.outside}",
        Condition.SHRINKS: f"the lead of {names.leader} is smaller on {names.outside} than on {names.inside}",
        Condition.GROWS: f"the lead of {names.leader} is larger on {names.outside} than on {names.inside}",
        Condition.RETAINS: f"more than {retention:.0%} of the lead on {names.inside} is left on {names.outside}",
        Condition.UNCHANGED: f"the lead changes by less than {change} from {names.inside} to {names.outside}",
    }
    return texts[condition]


def persistence_sentence(
    label: Label,
    names: Names,
    gaps: Mapping[str, IntervalEstimate],
    margins: Margins,
    *,
    scale: Scale,
    level: float,
    retention: float,
    retained: bool,
) -> str:
    """Return the claim of a label with both gaps and their intervals, in-domain first.

    `gaps` holds ``gap_in``, ``gap_out`` and, where the untuned model was scored, ``gain_in``. `retained` says that more
    than the share to be retained is shown to be left, which is added to a lead that is smaller.
    """
    written = {name: scale.estimate(gap, level) for name, gap in gaps.items()}
    claim = _CLAIMS[label].format(
        **asdict(names),
        margin_in=scale.amount(margins.inside),
        margin_out=scale.amount(margins.outside),
        margin_delta=scale.amount(margins.delta),
        gain=written.get("gain_in"),
        retention=retention,
    )
    left = f" More than {retention:.0%} of it is left." if label is Label.ATTENUATES and retained else ""
    inside, outside = written["gap_in"], written["gap_out"]
    return f"{claim}{left} Gap on {names.inside}: {inside}; on {names.outside}: {outside}."


_STOPS = {
    "settled": "every primary comparison has a verdict",
    "decisive": "every primary comparison has a decisive verdict",
    "futile": "all seeds are unlikely to give a verdict where there is none",
}


def looks_sentence(looks: Looks) -> str:
    """Return at which of its looks a run is, and whether it stopped there."""
    if not looks.taken:
        return f"before the first of {len(looks.seeds)} looks, which is at {looks.seeds[0]} of {looks.seeds[-1]} seeds"
    look = looks.taken[-1]
    where = f"look {look.number} of {len(looks.seeds)}, with {looks.seeds[look.number - 1]} of {looks.seeds[-1]} seeds"
    if looks.stopped_at is not None and look.stop is not None:
        return f"stopped at {where}: {_STOPS[look.stop]}"
    return where if look.number == len(looks.seeds) else f"{where}: not settled, the run goes on"


def insufficient_sentence(reasons: Sequence[str]) -> str:
    """Return why there is no verdict."""
    return f"No verdict: {'; '.join(reasons)}."


def gap_sentence(claim: str, gap: IntervalEstimate, task: str, *, scale: Scale, level: float) -> str:
    """Return a claim about one gap with its interval."""
    return f"{claim} Gap on {task}: {scale.estimate(gap, level)}."
