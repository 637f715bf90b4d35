"""What a comparison ends with: frozen records of plain values, and their JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from harness.compare.scores import NotCompared
from harness.statistics.failures import FailureRate
from harness.statistics.ratio import RatioSet
from harness.verdict.estimates import ConditionResult, IntervalEstimate, Need

_KINDS = ("comparisons", "in_domain", "guards", "extra_forgetting")
_OF_LOOKS = frozenset({"look", "looks", "chance"})
"""Keys that are there only where looks are declared."""

FORMAT = 2
"""Version of ``verdict.json``; it changes when a field changes its meaning."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorEffect:
    """A variant of a recipe beside the recipe, which is the gap's `reference`; `levels` is what differs, by factor.

    The family is that of all variants times the suites that are no guards.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """An arm's failed runs, and whether it fails more often than the reference (Barnard's exact test)."""

    arm: str
    rate: FailureRate
    messages: tuple[str, ...]
    p_against_reference: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One judgement while a run was under way. `tail` is the one-sided error probability of its primary conditions.

    `seeds` are those it judged, `pairs` the pairs of runs of each candidate that did not fail, `labels` what it found
    of each primary comparison, and `stop` why a run stops here: ``settled``, ``decisive``, ``futile`` or None.
    """

    number: int
    seeds: tuple[int | None, ...]
    tail: float
    level: float
    pairs: Mapping[str, int]
    labels: Mapping[str, str]
    stop: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """The looks that were declared, as numbers of `seeds`, and those that were taken.

    `stopped_at` is the number of the look at which the run stopped; `passed` are those that it went past though they
    would have stopped it.
    """

    seeds: tuple[int, ...]
    stop_at: str
    taken: tuple[Look, ...]
    stopped_at: int | None
    passed: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotWorse:
    """Whether a candidate is shown to be worse than the reference by less than the margin, on one suite.

    `gap` is reference minus candidate, its interval at the level of the suite's family: that of the primary
    comparisons, or of extra forgetting for a guard. `p` is one-sided. All three are None where nothing can be judged,
    and `why` says what is in the way. `look` is the one that showed it, or the last taken; None without looks.
    """

    task: str
    role: str
    metric: str
    sesoi: float
    gap: IntervalEstimate | None
    shown: bool
    p: float | None
    p_adjusted: float | None
    why: str | None
    look: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What stands between a candidate and being recommended.

    It is `shown` where it is on every suite. `excluded` says why it could not be recommended whatever its scores; a
    placebo is there to learn nothing. `need` is what showing it takes, None where it is shown, where an estimate lies
    beyond its margin, and where no variance between seeds is known.
    """

    candidate: str
    shown: bool
    excluded: str | None
    suites: tuple[NotWorse, ...]
    need: Need | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """The candidates that may take the reference's place, in the order of the spec; what they cost is not known here.

    `closest` is that of the others whose least certain condition has the smallest p-value. `obstacles` are what keeps
    every candidate from being recommended: a reference that is itself not shown to have learned anything, say.
    """

    reference: str
    shown: tuple[str, ...]
    closest: str | None
    obstacles: tuple[str, ...]
    candidates: tuple[Prospect, ...]


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
    effects_level: float | None = None
    interactions: tuple[FactorInteraction, ...] = ()
    interactions_level: float | None = None
    growth: tuple[RankGrowth, ...] = ()
    growth_level: float | None = None

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
        if not self.placebos:  # said where there are any
            del plain["placebos"], plain["placebo_level"]
        if not self.effects:
            del plain["effects"], plain["ratings"], plain["effects_level"]
        if not self.interactions:
            del plain["interactions"], plain["interactions_level"]
        if not self.growth:
            del plain["growth"], plain["growth_level"]
        return plain


def _plain(value: Any) -> Any:
    """Return JSON values: tuples as lists, enums as strings, numbers that are not finite as null."""
    if isinstance(value, Mapping):
        return {"set" if key == "intervals" else str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return float(value) if abs(value) < float("inf") else None
    return str(value) if isinstance(value, str) else value
