"""The error rate of a family of comparisons: what each of its conditions may err, and p-values adjusted to it."""

from dataclasses import dataclass
from typing import Self

from harness.compare.design import Design


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A family's two-sided error rate `alpha`, and the one-sided `tail` that each condition has of it."""

    alpha: float
    tail: float

    @classmethod
    def shared_by(cls, comparisons: int, design: Design) -> Self:
        """Return the level of a family of so many comparisons of a design, at the look that it is at."""
        return cls(alpha=design.alpha, tail=design.tail(max(1, comparisons)))

    @property
    def confidence(self) -> float:
        """Confidence level of the family's intervals."""
        return 1 - 2 * self.tail

    @property
    def percent(self) -> float:
        """The same in percent."""
        return 100 * self.confidence

    def adjusted(self, p: float | None) -> float | None:
        """Return a p-value raised so that it is held to alpha, or alpha/2 one-sided, whatever the family's size."""
        return None if p is None else min(1.0, p * (self.alpha / 2 / self.tail))
