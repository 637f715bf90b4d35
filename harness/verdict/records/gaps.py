"""Verdicts on gaps: one that persists out-of-domain, and one by itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.statistics.ratio import RatioSet
from harness.verdict.estimates import ConditionResult, IntervalEstimate, Need


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedPoint:
    """One seed's gaps, for plots."""

    seed: int | None
    gap_in: float
    gap_out: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersistenceComparison:
    """A candidate against the reference on an in-domain and an out-of-domain suite.

    `model` is the label of the base model that both adapt, ``unknown`` where it is not recorded. `gain_in` is what the
    reference gained in-domain over the base model, None where that was not scored. Where looks are declared, `look`
    gave this verdict, and `chance` is how likely all seeds are to give one that a run waits for, if the estimates are
    the truth.
    """

    model: str
    reference: str
    candidate: str
    in_domain: str
    out_of_domain: str
    metric: str
    higher_is_better: bool
    sesoi_in: float
    sesoi_out: float
    verdict: str
    better_in_domain: str | None
    fragile: bool
    verdict_if_failures_are_worst: str | None
    sentence: str
    seeds: int
    items_in: int
    items_out: int
    units_in: int
    units_out: int
    gain_in: IntervalEstimate | None
    gap_in: IntervalEstimate | None
    gap_out: IntervalEstimate | None
    delta: IntervalEstimate | None
    retention: IntervalEstimate | None
    ratio: RatioSet | None
    conditions: tuple[ConditionResult, ...]
    variance: Mapping[str, Mapping[str, float]]
    per_seed: tuple[SeedPoint, ...]
    need: Need | None
    notes: tuple[str, ...]
    look: int | None = None
    chance: float | None = None

    @property
    def place(self) -> str:
        """The suites that it is about: ``k8s → manual``."""
        return f"{self.in_domain} → {self.out_of_domain}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GapComparison:
    """A verdict on one gap alone: in-domain equivalence, or forgetting (a guard).

    In a guard `reference` is the base model, and a positive gap is what the arm forgot; in extra forgetting it is
    the reference recipe, and a positive gap is what the candidate forgot beyond it. `model`, `look` and `chance` are as
    in a `PersistenceComparison`.
    """

    model: str
    reference: str
    candidate: str
    task: str
    metric: str
    higher_is_better: bool
    sesoi: float
    verdict: str
    sentence: str
    seeds: int
    items: int
    units: int
    gap: IntervalEstimate | None
    conditions: tuple[ConditionResult, ...]
    need: Need | None
    notes: tuple[str, ...]
    look: int | None = None
    chance: float | None = None

    @property
    def place(self) -> str:
        """The suite that it is about."""
        return self.task
