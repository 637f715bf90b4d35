"""What a run that was made before says of a plan's paired differences, as records: read elsewhere, used here."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.statistics.planning import Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A candidate's paired difference from its reference on one suite of a run, over so many seeds."""

    run: str
    candidate: str
    task: str
    metric: str
    seeds: int
    spread: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """How likely a plan's seeds and items are to give a verdict on one comparison, if the truth is as a run estimates.

    The likeliest label's conditions are shown together with a chance of `at_least`, and of `at_most` its least likely
    one. Both are 0 where the estimates point at no label.
    """

    run: str
    candidate: str
    in_domain: str
    out_of_domain: str
    at_least: float
    at_most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """A suite of the plan that a run says nothing of, and why."""

    run: str
    task: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pilot:
    """What one run says."""

    run: str
    observed: tuple[Observed, ...]
    outlooks: tuple[Outlook, ...]
    unseen: tuple[Unseen, ...] = ()


def spread_of(observed: Sequence[Observed], task: str, metric: str, candidates: Sequence[str]) -> Spread | None:
    """Return the largest standard deviations that were observed on a suite; None where nothing was.

    The candidates' own, where a run has them, go before those of other recipes.
    """
    fitting = [each for each in observed if (each.task, each.metric) == (task, metric)]
    own = [each for each in fitting if each.candidate in candidates] or fitting
    if not own:
        return None
    return Spread(
        seed_sd=max(each.spread.seed_sd for each in own),
        item_sd=max(each.spread.item_sd for each in own),
        residual_sd=max(each.spread.residual_sd for each in own),
    )
