"""All verdicts together, and their JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from harness.compare.scores import NotCompared
from harness.statistics.failures import FailureRate
from harness.verdict.records.factors import FactorEffect, FactorGrade, FactorInteraction, FactorRating, RankGrowth
from harness.verdict.records.gains import AccuracyLevel, ControlShare, DeclaredMargin, GainShare, PlaceboGain
from harness.verdict.records.gaps import GapComparison, PersistenceComparison
from harness.verdict.records.looks import Looks
from harness.verdict.records.recommendation import Recommendation

_KINDS = ("comparisons", "in_domain", "guards", "extra_forgetting")

_OF_LOOKS = frozenset({"look", "looks", "chance"})
"""Keys that are there only where looks are declared."""

_WHERE_ANY = {
    "placebos": ("placebos", "placebo_level"),
    "effects": ("effects", "ratings", "effects_level"),
    "effects_guard_level": ("effects_guard_level",),
    "grades": ("grades",),
    "interactions": ("interactions", "interactions_level"),
    "growth": ("growth", "growth_level"),
    "not_compared_beside": ("not_compared_beside",),
}
"""Keys that are there only where there are any of these."""

FORMAT = 2
"""Version of ``verdict.json``; it changes when a field changes its meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """An arm's failed runs, and whether it fails more often than the reference (Barnard's exact test)."""

    arm: str
    rate: FailureRate
    messages: tuple[str, ...]
    p_against_reference: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """Everything that a design was judged to show. `level` is that of the intervals, after Bonferroni.

    Guards and extra forgetting are families of their own: `guard_level` and `extra_level`.
    """

    reference: str
    candidates: tuple[str, ...]
    alpha: float
    primary_comparisons: int
    level: float
    guard_level: float | None
    extra_level: float | None
    retention: float
    comparisons: tuple[PersistenceComparison, ...]
    in_domain: tuple[GapComparison, ...]
    guards: tuple[GapComparison, ...]
    extra_forgetting: tuple[GapComparison, ...]
    shares: tuple[GainShare, ...]
    controls: tuple[ControlShare, ...]
    accuracies: tuple[AccuracyLevel, ...]
    margins: tuple[DeclaredMargin, ...]
    failures: tuple[Failures, ...]
    not_compared: tuple[NotCompared, ...]
    """Suites whose scores cannot be compared; they count in the families all the same."""
    notes: tuple[str, ...]
    recommendation: Recommendation
    looks: Looks | None = None
    placebos: tuple[PlaceboGain, ...] = ()
    placebo_level: float | None = None
    effects: tuple[FactorEffect, ...] = ()
    ratings: tuple[FactorRating, ...] = ()
    grades: tuple[FactorGrade, ...] = ()
    effects_level: float | None = None
    effects_guard_level: float | None = None
    """That of effects on guards; None without either."""
    interactions: tuple[FactorInteraction, ...] = ()
    interactions_level: float | None = None
    growth: tuple[RankGrowth, ...] = ()
    growth_level: float | None = None
    not_compared_beside: tuple[NotCompared, ...] = ()
    """Suites on which a variant or placebo cannot be held against what it stands beside."""

    @property
    def primary(self) -> tuple[PersistenceComparison, ...] | tuple[GapComparison, ...]:
        """The primary comparisons: about persistence, or in-domain where there is no out-of-domain suite."""
        return self.comparisons or self.in_domain

    def to_json(self) -> dict[str, Any]:
        """Return the content of ``verdict.json``: plain JSON values, the same for the same input."""
        plain: dict[str, Any] = {"format": FORMAT, **_plain(asdict(self))}
        effects = [each["gap"] for each in plain["effects"]]
        for entry in (plain, *effects, *(each for kind in _KINDS for each in plain[kind])):
            for key in _OF_LOOKS & set(entry):
                if entry[key] is None:
                    del entry[key]
        sets = [each["ratio"] for each in plain["comparisons"]]
        sets += [each["share"] for each in (*plain["shares"], *plain["controls"])]
        for one in sets:
            if one is not None:
                one["bounded"] = one["kind"] == "bounded"
        without = {name for any_of, names in _WHERE_ANY.items() if not getattr(self, any_of) for name in names}
        return {name: each for name, each in plain.items() if name not in without}


def _plain(value: Any) -> Any:
    """Return JSON values: tuples as lists, enums as strings, numbers that are not finite as null."""
    if isinstance(value, Mapping):
        return {"set" if key == "intervals" else str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return float(value) if abs(value) < float("inf") else None
    return str(value) if isinstance(value, str) else value
