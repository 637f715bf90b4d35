"""The parts that verdicts are made of: an estimate with its interval, a condition, and what a verdict would take."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.statistics.contrast import Contrast
from harness.verdict.level import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalEstimate:
    """A gap with its interval at the verdict's level, all as reference minus candidate (positive: reference better).

    `w` is the part of the variance that comes from seeds. `df` sums up `df_seeds` and `df_items`, from which the
    critical value is made. `p` is two-sided against 0; `p_adjusted` is it raised by the number of comparisons and
    looks. Both are None where no variance between seeds is known: the interval is about one checkpoint then.
    """

    estimate: float
    interval: tuple[float, float]
    se: float
    w: float
    df: float
    df_seeds: float
    df_items: float
    p: float | None
    p_adjusted: float | None

    @classmethod
    def of(cls, contrast: Contrast, level: Level) -> "IntervalEstimate":
        """Return a contrast of one data set as plain numbers, its interval and p-value at a family's level."""
        low, high = contrast.interval(level.tail)
        p = contrast.p_zero() if contrast.seed_df > 0 else None
        return cls(
            estimate=float(contrast.estimate),
            interval=(float(low), float(high)),
            se=float(contrast.se),
            w=float(contrast.share) if contrast.seed_df > 0 else 0.0,
            df=float(contrast.df),
            df_seeds=contrast.seed_df,
            df_items=float(contrast.item_df),
            p=p,
            p_adjusted=level.adjusted(p),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionResult:
    """One condition of the rules: what it says, whether it was shown, its one-sided p-value (None with one seed)."""

    name: str
    text: str
    met: bool
    p: float | None
    p_adjusted: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedsAndItems:
    """So many seeds, with so many times the items that were scored."""

    seeds: int
    items: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedOfLabel:
    """What would show all conditions of a label four times in five, if the truth is as estimated.

    `missed` are the conditions that were not met. `enough` holds for numbers of seeds the least multiple of the items,
    fewest seeds first; it is empty where the label is out of reach. `enough_at_upper_limit` is the same with the
    variance between seeds at its 80% upper limit. `least_seeds` and `least_items` hold however much there is of the
    other. `decisive` labels leave nothing unresolved.
    """

    label: str
    decisive: bool
    missed: tuple[str, ...]
    enough: tuple[SeedsAndItems, ...]
    enough_at_upper_limit: tuple[SeedsAndItems, ...]
    least_seeds: int
    least_items: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a verdict would take that was not reached, by label, in the order of the rules; nothing in seconds.

    `seeds` and `items` (by task) are those that were scored; `available` is how many items each suite has, None where
    that was not recorded, and no more are planned with than were scored.
    """

    seeds: int
    items: Mapping[str, int]
    available: Mapping[str, int | None]
    labels: tuple[NeedOfLabel, ...]
