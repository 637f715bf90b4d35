"""What was learned: gains over the untuned model and over a placebo, and what accuracy can show of them."""

from dataclasses import dataclass

from harness.statistics.ratio import RatioSet
from harness.verdict.estimates import IntervalEstimate


@dataclass(frozen=True, slots=True, kw_only=True)
class GainShare:
    """Which share of the reference's gain over the untuned model a candidate gives up on a suite.

    `gain` is reference minus base, on the paired seeds. `share` is gap / gain with its confidence set; None where no
    gain is shown, so that the set would be unbounded.
    """

    model: str
    reference: str
    candidate: str
    task: str
    metric: str
    gain: IntervalEstimate
    share: RatioSet | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlShare:
    """Which share of an arm's gain the untuned model has with examples in its prompt, without training.

    `control_gain` is that of the examples. `gain` and `share` are as in a `GainShare`, on the items that both have.
    """

    model: str
    control: str
    arm: str
    task: str
    metric: str
    control_gain: IntervalEstimate
    gain: IntervalEstimate
    share: RatioSet | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyLevel:
    """Whether an arm's accuracy on a suite with options is told apart from guessing, and from 1.

    `guessing` is the mean over items of 1 / options. `mark` says what accuracy cannot show where it is not.
    """

    arm: str
    task: str
    role: str
    accuracy: float
    interval: tuple[float, float]
    guessing: float
    at_chance: bool
    at_ceiling: bool
    mark: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredMargin:
    """The smallest effect of interest on a suite, and why a smaller one would not matter, where that was said."""

    task: str
    metric: str
    sesoi: float
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceboGain:
    """What an arm gained over its placebo, which trained on the same rows with the answers dealt anew: content.

    `gain` is the arm's score minus its placebo's, positive where the arm is better; its interval is at the level of the
    family of all arms with a placebo, times the suites. `shown` tells whether it lies above 0.
    """

    arm: str
    placebo: str
    task: str
    metric: str
    higher_is_better: bool
    seeds: int
    items: int
    units: int
    gain: IntervalEstimate | None
    shown: bool
    notes: tuple[str, ...]
