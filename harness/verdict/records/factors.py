"""What varying a recipe does: effects, interactions, ratings, and how the best rank grows with the rows."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.verdict.estimates import IntervalEstimate
from harness.verdict.records.gaps import GapComparison


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorEffect:
    """A variant of a recipe beside the recipe, which is the gap's `reference`; `levels` is what differs, by factor.

    The family is that of all variants times the suites that are no guards; on a guard it is that of variants times
    guards.
    """

    levels: Mapping[str, str]
    gap: GapComparison


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorInteraction:
    """What levels cost a recipe beyond what they cost another: the difference of two effects, paired.

    `gap` is (`centre` - its variant) - (`against` - its variant): positive where the levels cost `centre` more. None,
    with `reasons`, where no seed has all four.
    """

    levels: Mapping[str, str]
    centre: str
    against: str
    task: str
    metric: str
    sesoi: float
    seeds: int
    gap: IntervalEstimate | None
    verdict: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorRating:
    """How far a suite's outcome hangs on a factor around a centre, over the levels that were tried."""

    centre: str
    factor: str
    task: str
    rating: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorGrade:
    """How far a factor moves a suite's score around a centre: the largest change that any of its levels makes.

    `by` is what is changed, ``accuracy`` or ``share_of_gain``, and `level` makes the largest `change` by its estimate.
    The `interval` is that of the largest change of all levels, which is never negative; its end is infinite where the
    change of a level is not known or not bounded: `unknown` says why. `least` and `most` are the grades of its ends.
    """

    centre: str
    factor: str
    task: str
    by: str
    level: str | None
    change: float | None
    interval: tuple[float, float]
    least: str
    most: str
    unknown: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankGrowth:
    """How the best rank around a centre grows with the training rows on one suite: best rank ∝ log(rows)^`exponent`.

    `best` is the best rank at each number of `rows`, None where some seed has none among the `ranks`. Where no exponent
    can be estimated it and its `interval` (over seeds, these very items) are None, and the `reasons` say why.
    """

    centre: str
    task: str
    ranks: tuple[int, ...]
    rows: tuple[int, ...]
    best: tuple[float | None, ...]
    exponent: float | None
    interval: tuple[float, float] | None
    reasons: tuple[str, ...]
