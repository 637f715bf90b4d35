"""Judgements while a run is under way."""

from collections.abc import Mapping
from dataclasses import dataclass


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
