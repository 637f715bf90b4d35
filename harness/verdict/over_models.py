"""A candidate beside the reference over several models: each model's own figures, and in how many it is ahead.

Nothing is pooled. A mean over models would be about a population that they were not drawn from, and its interval needs
a variance between models for which there is no method here yet: the models are counted, each with its own interval.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.compare.costs import RunCosts
from harness.verdict.estimates import IntervalEstimate
from harness.verdict.records import Verdicts

Kind = Literal["in_domain", "out_of_domain", "extra_forgetting", "training_time"]
"""What a measure is of: a suite's gap by its role, of guards in what was forgotten, or the speed-up of training."""
TRAINING_TIME = "training time"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedModel:
    """A model of the experiment by its name, with what its run was judged to show, or `why` there is none of it.

    `failed` tells whether that is because it could not be run or judged, and not because it has not been yet.
    """

    name: str
    verdicts: Verdicts | None = None
    costs: RunCosts | None = None
    why: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OfModel:
    """A measure of one model: the estimate with its interval, a gap's at the level of that model's run.

    A gap is reference minus candidate, positive where the reference is better. A speed-up is above 1 where the
    candidate is faster, its 95% interval that of one pair. `ahead` has the better estimate, None where both are alike;
    `shown` is it where the interval leaves no other, else None.
    """

    model: str
    estimate: float
    interval: tuple[float, float]
    ahead: Literal["candidate", "reference"] | None
    shown: Literal["candidate", "reference"] | None
    verdict: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverModels:
    """One measure of a candidate over the models that have it; `left_out` are the others, each with the reason.

    `wins` counts the models in which the candidate has the better estimate, `ties` those in which neither has;
    `shown` those in which the interval shows it, and `shown_against` those in which it shows the reverse. `shared` are
    those whose times are of a machine that several cells shared.
    """

    candidate: str
    reference: str
    kind: Kind
    of: str
    metric: str
    models: tuple[OfModel, ...]
    left_out: Mapping[str, str]
    wins: int
    ties: int
    shown: int
    shown_against: int
    shared: tuple[str, ...] = ()

    @property
    def win_rate(self) -> float | None:
        """Wins, ties as halves, as a share of the models that have the measure; None where none has."""
        return (self.wins + self.ties / 2) / len(self.models) if self.models else None


def over_models(judged: Sequence[JudgedModel], candidates: Sequence[str], reference: str) -> tuple[OverModels, ...]:
    """Return each measure that any of the models has, candidate by candidate, in the order of the first that has it."""
    found = [(each, dict(_measures(each))) for each in judged]
    keys = dict.fromkeys(key for _, measures in found for key in measures)
    ordered = [key for candidate in candidates for key in keys if key[0] == candidate]
    return tuple(_over(key, found, reference) for key in ordered)


_Key = tuple[str, Kind, str, str]
"""The candidate, the kind of measure, the suite or what else it is of, and its metric."""


def _over(key: _Key, found: Sequence[tuple[JudgedModel, Mapping[_Key, OfModel]]], reference: str) -> OverModels:
    candidate, kind, of, metric = key
    models = tuple(measures[key] for _, measures in found if key in measures)
    return OverModels(
        candidate=candidate,
        reference=reference,
        kind=kind,
        of=of,
        metric=metric,
        models=models,
        left_out={each.name: _lacks(each, key) for each, measures in found if key not in measures},
        wins=sum(each.ahead == "candidate" for each in models),
        ties=sum(each.ahead is None for each in models),
        shown=sum(each.shown == "candidate" for each in models),
        shown_against=sum(each.shown == "reference" for each in models),
        shared=_shared(kind, found),
    )


def _shared(kind: Kind, found: Sequence[tuple[JudgedModel, Mapping[_Key, OfModel]]]) -> tuple[str, ...]:
    """Return the models whose times were taken while several cells ran at once."""
    timed = [each for each, _ in found if each.costs is not None] if kind == "training_time" else []
    return tuple(each.name for each in timed if each.costs is not None and each.costs.workers > 1)


def _measures(judged: JudgedModel) -> Iterator[tuple[_Key, OfModel]]:
    name = judged.name
    if judged.verdicts is not None:
        for gap in judged.verdicts.in_domain:
            if gap.gap is not None:
                yield (gap.candidate, "in_domain", gap.task, gap.metric), _gap(name, gap.gap, gap.verdict)
        for each in judged.verdicts.comparisons:  # of several in-domain suites the gap out-of-domain is the same
            if each.gap_out is not None:
                yield (each.candidate, "out_of_domain", each.out_of_domain, each.metric), _gap(name, each.gap_out, None)
        for gap in judged.verdicts.extra_forgetting:
            if gap.gap is not None:
                yield (gap.candidate, "extra_forgetting", gap.task, gap.metric), _gap(name, gap.gap, gap.verdict)
    for cost in judged.costs.recipes if judged.costs is not None else ():
        if (speed := cost.speed_up_with_probes) is not None:
            of = _of_model(name, speed.estimate, (speed.low, speed.high), even=1.0)
            yield (cost.recipe, "training_time", TRAINING_TIME, "speed-up"), of


def _gap(model: str, gap: IntervalEstimate, verdict: str | None) -> OfModel:
    low, high = gap.interval
    turned = _of_model(model, -gap.estimate, (-high, -low), even=0.0)
    return OfModel(
        model=model,
        estimate=gap.estimate,
        interval=gap.interval,
        ahead=turned.ahead,
        shown=turned.shown,
        verdict=None if verdict is None else str(verdict),
    )


def _of_model(model: str, estimate: float, interval: tuple[float, float], *, even: float) -> OfModel:
    """Return a figure of which more than `even` is better for the candidate."""
    low, high = interval
    return OfModel(
        model=model,
        estimate=estimate,
        interval=interval,
        ahead="candidate" if estimate > even else "reference" if estimate < even else None,
        shown="candidate" if low > even else "reference" if high < even else None,
    )


def _lacks(judged: JudgedModel, key: _Key) -> str:
    """Return why a model lacks a measure that another has."""
    candidate, kind, of, _ = key
    if judged.verdicts is None:
        return judged.why
    if kind == "training_time":
        return f"fewer than two seeds with which both {candidate} and the reference were trained"
    reasons = [reason for each in judged.verdicts.not_compared if each.task == of for reason in each.reasons]
    return reasons[0] if reasons else "no pair of runs of it, or too few items, as its own report says"
