"""How many times faster one recipe trains than another, from pairs of runs with the same seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedUp:
    """Ratio of the reference's time to the candidate's (above 1: the candidate is faster), with its interval.

    `p` is two-sided against a ratio of 1.
    """

    estimate: float
    low: float
    high: float
    p: float
    pairs: int


def speed_up(reference: Sequence[float], candidate: Sequence[float], alpha: float = 0.05) -> SpeedUp | None:
    """Return the geometric mean of reference/candidate over paired seconds, with the paired t test of its log.

    Times are positive; the log makes the ratio symmetric. None for fewer than two pairs.
    """
    if len(reference) != len(candidate):
        raise ValueError(f"times come in pairs, got {len(reference)} and {len(candidate)}")
    if len(reference) <= 1:
        return None
    logs = np.log(reference) - np.log(candidate)
    middle = float(np.mean(logs))
    df, error = len(logs) - 1, float(np.std(logs, ddof=1) / np.sqrt(len(logs)))
    margin = -float(stdtrit(df, alpha / 2)) * error
    low, ratio, high = map(float, np.exp([middle - margin, middle, middle + margin]))
    return SpeedUp(estimate=ratio, low=low, high=high, p=_p_value(middle, error, df), pairs=len(logs))


def _p_value(middle: float, error: float, df: int) -> float:
    if error == 0:
        return 0.0 if middle else 1.0
    return float(2 * stdtr(df, -abs(middle) / error))
