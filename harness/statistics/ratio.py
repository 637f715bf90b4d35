"""The confidence set of the ratio of two gaps (Fieller 1954), which need not be an interval.

The set holds every ρ for which gap_out - ρ·gap_in is not told apart from 0. With ρ = tan θ the contrasts are
cos θ·gap_out - sin θ·gap_in, and θ runs round a circle of length π; the set ends where the contrast crosses its
critical value. Fieller's quadratic does not apply, since here the critical value changes with ρ.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.statistics.contrast import Contrast, SeedRule, contrast
from harness.statistics.critical import Array, Floats
from harness.statistics.moments import Moments
from harness.statistics.roots import root

_STEPS = 1024
_VERTICAL = np.pi / 2
"""The angle at which the denominator alone is tested: inside the set, the ratio is unbounded."""

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioSet:
    """Ratios compatible with the data as closed intervals; an end at infinity is ±inf.

    ``bounded``: finite intervals, in practice one. ``unbounded``: the denominator may be 0, so the set is the
    whole line, or all of it but an interval. ``empty``: no ratio fits, the denominator is exactly 0 without error.
    """

    estimate: float | None
    kind: Literal["bounded", "unbounded", "empty"]
    intervals: tuple[Interval, ...]


def ratio_set(numerator: Moments, denominator: Moments, tail: float, *, seed_rule: SeedRule | None = None) -> RatioSet:
    """Return the set of gap(numerator) / gap(denominator), each end missed with probability `tail`.

    `seed_rule` gives the variance between seeds of a contrast by its weights, first those of the numerator.
    """

    def tested(angle: Array) -> Contrast:
        weights = (np.cos(angle), -np.sin(angle))
        given = seed_rule(weights) if seed_rule else None
        return contrast((numerator, denominator), weights, seed_variance=given)

    return set_over_angles(tested, float(numerator.row_means.mean()), float(denominator.row_means.mean()), tail)


def set_over_angles(tested: Callable[[Array], Contrast], above: float, below: float, tail: float) -> RatioSet:
    """Return the tangents of the angles θ at which ``tested(θ)``, cos θ·above - sin θ·below, covers 0.

    `above` and `below` are the estimates of numerator and denominator.
    """
    estimate = above / below if below != 0 else None

    def excess(angle: Array) -> Floats:
        here = tested(angle)
        return np.abs(here.estimate) - here.margin(tail)

    start = float(np.arctan2(above, below))
    arcs = list(_inside(excess, start))
    if below == 0 and above != 0 and all(low == high for low, high in arcs):
        return RatioSet(estimate=None, kind="empty", intervals=())
    intervals = tuple(sorted(interval for arc in arcs for interval in _tangents(arc)))
    bounded = all(np.isfinite(interval).all() for interval in intervals)
    return RatioSet(estimate=estimate, kind="bounded" if bounded else "unbounded", intervals=intervals)


def _inside(excess: Callable[[Array], Floats], start: float) -> Iterator[Interval]:
    """Yield the arcs where `excess` is not positive, walking half a circle from `start`, which is inside.

    The arc round `start` may be narrower than a step, hence the end points are set to inside whatever rounding
    makes of a contrast that is 0 by construction.
    """
    angles = start + np.linspace(0.0, np.pi, _STEPS + 1)
    inside = excess(angles) <= 0
    inside[[0, -1]] = True
    exits = np.flatnonzero(inside[:-1] & ~inside[1:])
    entries = np.flatnonzero(~inside[:-1] & inside[1:])
    if len(exits) == 0:
        yield -_VERTICAL, _VERTICAL
        return
    ends = [_crossing(excess, angles[k], angles[k + 1]) for k in exits]
    begins = [_crossing(excess, angles[k + 1], angles[k]) for k in entries]
    yield begins[-1] - np.pi, ends[0]
    yield from zip(begins[:-1], ends[1:], strict=True)


def _crossing(excess: Callable[[Array], Floats], inner: float, outer: float) -> float:
    if float(excess(inner)) >= 0:
        return inner
    return root(lambda angle: float(excess(angle)), inner, outer, xtol=1e-14)


def _tangents(arc: Interval) -> Iterator[Interval]:
    """Yield the ratios of an arc of angles, split in two where it passes the vertical."""
    low, high = arc
    if high - low >= np.pi:
        yield -np.inf, np.inf
        return
    turn = np.floor((low + _VERTICAL) / np.pi) * np.pi
    low, high = low - turn, high - turn
    if high < _VERTICAL:
        yield float(np.tan(low)), float(np.tan(high))
        return
    yield float(np.tan(low)), np.inf
    yield -np.inf, float(np.tan(high))
