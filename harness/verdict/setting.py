"""What all verdicts of a design share: the scores, the panels, and the error rate of each condition."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.compare.design import Design
from harness.compare.scores import SuiteScores
from harness.errors import ComparisonError
from harness.spec.records import Role
from harness.verdict.panel import Panel, panel


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A design with its scores and one panel a candidate."""

    design: Design
    scores: Sequence[SuiteScores]
    panels: tuple[Panel, ...]

    @classmethod
    def of(cls, design: Design, scores: Sequence[SuiteScores], *, failures_worst: bool = False) -> "Setting":
        """Pair every candidate with the reference. Raises `ComparisonError` for a suite of a single item."""
        short = [f"{one.suite.task} has {one.items} item: a gap takes two or more." for one in scores if one.items < 2]  # noqa: PLR2004
        if short:
            raise ComparisonError("\n".join(short))
        panels = tuple(panel(design, scores, arm, failures_worst=failures_worst) for arm in design.candidates)
        return cls(design=design, scores=scores, panels=panels)

    def suites_of(self, role: Role) -> tuple[SuiteScores, ...]:
        """Return the scores of the suites that play one role."""
        return tuple(one for one in self.scores if one.suite.role == role)

    @property
    def comparisons(self) -> int:
        """Number of primary comparisons, over which the error rate is shared (Bonferroni)."""
        inside, outside = len(self.suites_of("in_domain")), len(self.suites_of("out_of_domain"))
        return primary_comparisons(len(self.design.candidates), inside, outside)

    @property
    def tail(self) -> float:
        """One-sided error probability of every condition of a primary comparison."""
        return self.design.alpha / 2 / self.comparisons

    @property
    def guard_comparisons(self) -> int:
        """Number of arms x guards: a family of its own, since it answers another question."""
        return max(1, len(self.design.arms) * len(self.suites_of("guard")))

    @property
    def extra_comparisons(self) -> int:
        """Number of candidates x guards, over which the error rate of extra forgetting is shared."""
        return max(1, len(self.design.candidates) * len(self.suites_of("guard")))

    @property
    def level(self) -> float:
        """Confidence level of the primary intervals, in percent."""
        return 100 * (1 - 2 * self.tail)


def primary_comparisons(candidates: int, in_domain: int, out_of_domain: int) -> int:
    """Return the number of primary comparisons of as many candidates and suites; the plan counts by it too."""
    return candidates * in_domain * max(1, out_of_domain)
