"""How often runs failed, and whether one recipe fails more often than another.

`scipy.stats`, which takes two seconds to import, is imported when runs have failed: Barnard's test is nowhere else.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRate:
    """Failed runs of all, with Clopper & Pearson's exact interval."""

    failed: int
    runs: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        """The observed share of runs that failed."""
        return self.failed / self.runs


def failure_rate(failed: int, runs: int, alpha: float = 0.05) -> FailureRate:
    """Return the failure rate with its exact 1 - `alpha` interval."""
    from scipy.stats import binomtest

    ends = binomtest(failed, runs).proportion_ci(confidence_level=1 - alpha, method="exact")
    return FailureRate(failed=failed, runs=runs, low=float(ends.low), high=float(ends.high))


def failures_differ(first: FailureRate, second: FailureRate) -> float:
    """Return the two-sided p-value of Barnard's exact test that two recipes fail equally often."""
    if first.failed + second.failed in (0, first.runs + second.runs):
        return 1.0
    from scipy.stats import barnard_exact

    table = [[first.failed, second.failed], [first.runs - first.failed, second.runs - second.failed]]
    return float(barnard_exact(table).pvalue)
