"""Numbers and conditions in words that need no statistics to read."""

from dataclasses import dataclass

from harness.compare.metrics import metric
from harness.verdict.records import Estimate
from harness.verdict.rules import Condition


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

    def signed(self, value: float) -> str:
        """Return the number with its sign; what rounds to 0 has none."""
        text = f"{100 * value:+.1f}" if metric(self.name).points else f"{value:+.3g}"
        return text if float(text) else text[1:]

    @property
    def unit(self) -> str:
        """The unit's name; the metric's own name where it has none."""
        return metric(self.name).unit or self.name.partition(",")[0]

    def estimate(self, gap: Estimate, level: float) -> str:
        """Return ``3.2 points (95% interval 1.0 to 5.4)``."""
        low, high = gap.interval
        return f"{self.amount(gap.estimate)} ({level:.4g}% interval {self.number(low)} to {self.number(high)})"


@dataclass(frozen=True, slots=True)
class Names:
    """Who and what a comparison is about; `leader` is ahead in-domain by the estimate."""

    leader: str
    other: str
    inside: str
    outside: str


def condition_text(condition: Condition, names: Names, margins: tuple[str, str, str], retention: float) -> str:
    """Return a condition as a statement about the arms; `margins` are written out: in, out, delta."""
    inside, outside, change = margins
    texts = {
        Condition.IN_WITHIN: f"on {names.inside} the two differ by less than {inside}",
        Condition.IN_GAP: f"{names.leader} is better than {names.other} on {names.inside}",
        Condition.OUT_WITHIN: f"on {names.outside} the two differ by less than {outside}",
        Condition.OUT_SAME: f"{names.leader} is better than {names.other} on {names.outside}",
        Condition.OUT_OTHER: f"{names.other} is better than {names.leader} on {names.outside}",
        Condition.SHRINKS: f"the lead of {names.leader} is smaller on {names.outside} than on {names.inside}",
        Condition.GROWS: f"the lead of {names.leader} is larger on {names.outside} than on {names.inside}",
        Condition.RETAINS: f"more than {retention:.0%} of the lead on {names.inside} is left on {names.outside}",
        Condition.UNCHANGED: f"the lead changes by less than {change} from {names.inside} to {names.outside}",
    }
    return texts[condition]
