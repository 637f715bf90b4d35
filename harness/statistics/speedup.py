"""How many times faster one recipe trains than another, from pairs of runs with the same seed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

ALPHA = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedUp:
    """Ratio of the reference's time to the candidate's (above 1: the candidate is faster), with its 95% interval.

    `p` is two-sided against a ratio of 1.
    """

    estimate: float
    low: float
    high: float
    p: float
    pairs: int

    @property
    def t(self) -> float | None:
        """The paired t statistic of the logarithms, by the interval; None where all pairs have the same ratio."""
        width = math.log(self.high) - math.log(self.low)
        reach = -float(stdtrit(self.pairs - 1, ALPHA / 2))
        return 2 * reach * math.log(self.estimate) / width if width else None

    @property
    def effect_size(self) -> float | None:
        """Cohen's d_z: the mean of the paired differences of logarithms over their standard deviation."""
        return None if self.t is None else self.t / math.sqrt(self.pairs)


def speed_up(reference: Sequence[float], candidate: Sequence[float]) -> SpeedUp | None:
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
    margin = -float(stdtrit(df, ALPHA / 2)) * error
    low, ratio, high = map(float, np.exp([middle - margin, middle, middle + margin]))
    return SpeedUp(estimate=ratio, low=low, high=high, p=_p_value(middle, error, df), pairs=len(logs))


def _p_value(middle: float, error: float, df: int) -> float:
    if error == 0:
        return 0.0 if middle else 1.0
    return float(2 * stdtr(df, -abs(middle) / error))
