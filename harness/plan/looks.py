"""What declared looks cost and save: the critical value at each, and the cells that a run is expected to take."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.spec.looks import shares
from harness.spec.records import Experiment
from harness.statistics.critical import critical_value
from harness.statistics.planning import Budget, power


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLook:
    """A look: its seeds and the cells that have run by then, the one-sided error probability of its conditions.

    `critical` is the half-width of an interval in standard errors where seeds make all of the variance, as wide as it
    can be; `without` is that of as many seeds that are judged once.
    """

    seeds: int
    cells: int
    tail: float
    critical: float
    without: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedCells:
    """How many cells a run takes on average until it stops, where the gaps of all its suites are `gap`."""

    gap: float
    cells: float


def planned_looks(experiment: Experiment, comparisons: int) -> tuple[PlannedLook, ...]:
    """Return what each look would cost, where any are declared."""
    looks, whole = experiment.looks, experiment.comparison.alpha / 2 / comparisons
    return tuple(
        PlannedLook(
            seeds=seeds,
            cells=1 + seeds * len(experiment.arm_names),
            tail=whole * share,
            critical=float(critical_value(whole * share, 1.0, seeds - 1.0, 1.0)),
            without=float(critical_value(whole, 1.0, seeds - 1.0, 1.0)),
        )
        for seeds, share in zip(looks, shares(looks), strict=True)
    )


def expected_cells(looks: Sequence[PlannedLook], suites: Sequence[Budget], gap: float) -> ExpectedCells:
    """Return the cells that are expected to run until a look shows `gap` on every suite of these variances.

    A look shows it with the power of its least certain suite; what an earlier one showed stands, so that the chance of
    having stopped never falls. Two suites, or several candidates, show it together a little less often than that.
    """
    stopped, chances = 0.0, []
    for look in looks[:-1]:
        stopped = max(stopped, min(float(power(each, gap, look.tail, look.seeds)) for each in suites))
        chances.append(stopped)
    ends = pairwise((0.0, *chances, 1.0))
    cells = sum(look.cells * (after - before) for look, (before, after) in zip(looks, ends, strict=True))
    return ExpectedCells(gap=gap, cells=cells)
