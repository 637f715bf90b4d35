"""Labels that are given where they are untrue: what each label says of the true gaps, and how often it is wrong."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.statistics.contrast import Contrast
from harness.statistics.moments import Moments
from harness.verdict.rules import Condition, Contrasts, Label, Margins, conditions, labels

RETENTION = 0.5
SESOI = 0.02
MORE_THAN_HALF = f"{Label.ATTENUATES}, more than half is left"
"""What is added to a lead that is smaller, as a statement of its own."""


LEADERLESS = (Label.EMERGES, Label.NO_GAP)
"""Labels that do not say who leads in-domain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What replicates are told: label, the side (±1) on which the reference is in-domain, and whether half is left."""

    label: np.ndarray
    side: np.ndarray
    retained: np.ndarray


def outcome(inside: Moments, outside: Moments, tail: float, gain: Contrast | None = None) -> Outcome:
    """Judge replicates by the comparator's own code."""
    shown = Contrasts.of(outside, inside, RETENTION)
    met = conditions(shown, Margins(SESOI, SESOI), tail, gain=gain)
    side = np.where(shown.gap_in.estimate < 0, -1, 1)
    return Outcome(label=labels(met), side=side, retained=met[Condition.RETAINS])


def is_true(label: Label, gap_in: float, gap_out: float) -> bool:
    """Return whether a label is true of gaps that are oriented by the side that is said to lead in-domain.

    Labels that say that nothing was shown are never untrue.
    """
    lead, there, change = gap_in > 0, gap_out > 0, gap_out - gap_in
    return {
        Label.EMERGES: abs(gap_in) < SESOI < abs(gap_out),
        Label.NO_GAP: abs(gap_in) < SESOI,
        Label.VANISHES: lead and abs(gap_out) < SESOI and change < 0,
        Label.REVERSES: lead and gap_out < 0,
        Label.PERSISTS_UNCHANGED: lead and there and gap_out > RETENTION * gap_in and abs(change) < SESOI,
        Label.AMPLIFIES: lead and there and change > 0,
        Label.ATTENUATES: lead and there and change < 0,
        Label.PERSISTS: lead and there and gap_out > RETENTION * gap_in,
        Label.PERSISTS_UNSIZED: lead and there,
        Label.SHRINKS_UNRESOLVED: lead and change < 0,
        Label.NOT_LEARNED: True,
        Label.INCONCLUSIVE: True,
        Label.INSUFFICIENT: True,
    }[label]


@dataclass(frozen=True, slots=True)
class Statement:
    """What is said: a label and, where it speaks of a lead, who is said to lead in-domain (±1), else 0."""

    label: str
    side: int

    def __str__(self) -> str:
        return self.label


STATEMENTS = tuple(name for label in Label for name in (label.value, *([MORE_THAN_HALF] * (label is Label.ATTENUATES))))
"""All that a verdict can say, in the order of the rules."""
SILENT = (Label.NOT_LEARNED, Label.INCONCLUSIVE, Label.INSUFFICIENT)
"""Labels that say that nothing was shown: they are never untrue."""


def wrong(found: Outcome, truth: Sequence[float]) -> Iterator[tuple[Statement, np.ndarray]]:
    """Yield each statement that is untrue of the true gaps (in, out), with the replicates where it is made."""
    gap_in, gap_out = truth
    for label in Label:
        said = found.label == label.value
        untrue = {side: not is_true(label, side * gap_in, side * gap_out) for side in (1, -1)}
        if label in LEADERLESS:
            yield from [(Statement(label.value, 0), said)] * untrue[1]
            continue
        for side in (side for side in untrue if untrue[side]):
            yield Statement(label.value, side), said & (found.side == side)
        for side in (1, -1) if label is Label.ATTENUATES else ():
            if not side * gap_out > RETENTION * side * gap_in:
                yield Statement(MORE_THAN_HALF, side), said & found.retained & (found.side == side)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How often each statement is made where it is untrue, by label with the lead that it names.

    `either` is the highest rate of one label whoever is said to lead, `any` that of any untrue statement.
    """

    each: Mapping[str, float]
    either: float
    any: float

    @property
    def statement(self) -> str:
        """The label that is untrue most often."""
        return max(self.each, key=lambda label: self.each[label]) if self.rate else "none"

    @property
    def rate(self) -> float:
        """Its rate."""
        return max(self.each.values(), default=0.0)


def rates(found: Outcome, truth: Sequence[float]) -> Rates:
    """Return how often replicates are told what is untrue."""
    each: dict[str, float] = {}
    either: dict[str, float] = {}
    for statement, said in wrong(found, truth):
        rate = float(said.mean())
        each[statement.label] = max(rate, each.get(statement.label, 0.0))
        either[statement.label] = rate + either.get(statement.label, 0.0)
    return Rates(each=each, either=max(either.values(), default=0.0), any=float(any_of(found, truth).mean()))


def any_of(found: Outcome, truth: Sequence[float]) -> np.ndarray:
    """Return the replicates where any statement is untrue."""
    return np.logical_or.reduce([np.zeros(len(found.side), dtype=bool), *(said for _, said in wrong(found, truth))])
