"""How the best size of something grows with an amount: best size ∝ log(amount)^k, with k and its interval.

The best size of a seed at an amount is the top of the parabola that fits its scores over log(size) best: a grid of
sizes is too coarse to see it grow otherwise. Each seed's k is the slope of log(best size) on log(log(amount)) by least
squares, and the interval is Student's over seeds: about new seeds on these very items.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from harness.statistics.critical import Floats

LEAST = 3
"""Sizes that a parabola takes, and amounts by which growth is told from two ends alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """The exponent with its interval, or the `reasons` why there is none.

    `best` is the geometric mean over seeds of the best size at each amount, None where some seed has none.
    """

    best: tuple[float | None, ...]
    exponent: float | None = None
    low: float | None = None
    high: float | None = None
    reasons: tuple[str, ...] = ()


def growth(scores: Floats, amounts: Sequence[int], sizes: Sequence[int], tail: float) -> Growth:
    """Return how the best of `sizes` grows with `amounts`; `scores` are (seeds, amounts, sizes), higher is better.

    Each end of the interval is missed with probability `tail`. There is no exponent where a seed has no best size
    within the grid at some amount: it may lie anywhere beyond, and without it those that are left are a choice.
    Raises ValueError for fewer than three amounts or sizes, and for amounts that have no logarithm above 0.
    """
    if min(len(amounts), len(sizes)) < LEAST or min(amounts) < LEAST:
        raise ValueError(f"growth takes {LEAST} amounts and sizes or more, amounts of {LEAST} or more")
    tops = np.array([[_top(row, sizes) for row in seed] for seed in scores])
    best = tuple(None if np.isnan(each).any() else float(np.exp(each.mean())) for each in tops.T)
    reasons = tuple(_reasons(tops, amounts, sizes))
    if reasons:
        return Growth(best=best, reasons=reasons)
    log_log = np.log(np.log(np.asarray(amounts, dtype=float)))
    slopes = np.polyfit(log_log, tops.T, 1)[0]  # (seeds,)
    middle, error = float(slopes.mean()), float(slopes.std(ddof=1) / np.sqrt(len(slopes)))
    margin = -float(stdtrit(len(slopes) - 1, tail)) * error
    return Growth(best=best, exponent=middle, low=middle - margin, high=middle + margin)


def _top(scores: npt.NDArray[np.float64], sizes: Sequence[int]) -> float:
    """Return the logarithm of the size at the top of the parabola, NaN where it has none within the sizes."""
    logs = np.log(np.asarray(sizes, dtype=float))
    bend, slope, _ = np.polyfit(logs, scores, 2)
    if not bend < 0:
        return float("nan")
    top = -slope / (2 * bend)
    return float(top) if logs.min() < top < logs.max() else float("nan")


def _reasons(tops: npt.NDArray[np.float64], amounts: Sequence[int], sizes: Sequence[int]) -> Iterator[str]:
    seeds = len(tops)
    if seeds < 2:  # noqa: PLR2004
        yield "a single seed has no interval"
    for amount, without in zip(amounts, np.isnan(tops).sum(axis=0).tolist(), strict=True):
        if without:
            grid = f"between {min(sizes)} and {max(sizes)}"
            yield f"at {amount:,} rows {without} of {seeds} seeds have no best rank {grid}"
