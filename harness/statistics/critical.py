"""Critical values and p-values for a variance that is a sum of two estimates (Banerjee 1961).

Also the number of comparisons over which an error rate is shared.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from harness.statistics.roots import root

Floats = npt.NDArray[np.float64]
Array = Floats | float

_SMALLEST_TAIL = -100.0
"""log10 of the smallest p-value told apart from 0; further out `stdtrit` may return +inf (3 df at 1e-280)."""
_HALF = float(np.log10(0.5))


def critical_value(tail: float, share: Array, seed_df: Array, item_df: Array) -> Floats:
    """Return √(w·t_seed² + (1-w)·t_item²), the value that a standardised gap exceeds with probability `tail`.

    `share` is w, the part of the variance that comes from seeds. Banerjee weights the squares of the two Student
    quantiles by the variances that go with them: the half-width is √(t_seed²·V_seed + t_item²·V_item). However
    small the tail and however few the seeds, the error stays within it, which the weighted mean of the quantiles
    (Cochran & Cox 1957) does not achieve.
    """
    seed = stdtrit(seed_df, tail)
    item = stdtrit(item_df, tail)
    return np.asarray(np.sqrt(share * seed**2 + (1.0 - share) * item**2))


def upper_tail(statistic: float, share: float, seed_df: float, item_df: float) -> float:
    """Return the probability whose critical value is `statistic`: the one-sided p-value.

    Solved numerically, so that a p-value is below a level exactly where the interval at that level excludes the
    value tested.
    """
    if statistic < 0:
        return 1.0 - upper_tail(-statistic, share, seed_df, item_df)
    if statistic == 0:
        return 0.5

    def excess(log_tail: float) -> float:
        return float(critical_value(10.0**log_tail, share, seed_df, item_df)) - statistic

    if excess(_SMALLEST_TAIL) <= 0:
        return 0.0
    if excess(_HALF) >= 0:  # older SciPy's median of Student's t is not 0 to the last digit
        return 0.5
    return float(10.0 ** root(excess, _SMALLEST_TAIL, _HALF, xtol=1e-13, rtol=1e-13))


def primary_comparisons(candidates: int, in_domain: int, out_of_domain: int) -> int:
    """Return the number of primary comparisons of as many candidates and suites, which share one error rate."""
    return candidates * in_domain * max(1, out_of_domain)
