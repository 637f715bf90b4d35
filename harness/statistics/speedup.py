"""How many times faster one recipe trains than another, from pairs of runs with the same seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedUp:
    """Ratio of the reference's time to the candidate's (above 1: the candidate is faster), with its interval."""

    estimate: float
    low: float
    high: float
    pairs: int


def speed_up(reference: Sequence[float], candidate: Sequence[float], alpha: float = 0.05) -> SpeedUp | None:
    """Return the geometric mean of reference/candidate over paired seconds, with the paired t interval of its log.

    Times are positive; the log makes the ratio symmetric. None for fewer than two pairs.
    """
    if len(reference) != len(candidate):
        raise ValueError(f"times come in pairs, got {len(reference)} and {len(candidate)}")
    if len(reference) <= 1:
        return None
    logs = np.log(reference) - np.log(candidate)
    middle = float(np.mean(logs))
    margin = float(t.isf(alpha / 2, len(logs) - 1) * np.std(logs, ddof=1) / np.sqrt(len(logs)))
    low, middle, high = map(float, np.exp([middle - margin, middle, middle + margin]))
    return SpeedUp(estimate=middle, low=low, high=high, pairs=len(logs))
