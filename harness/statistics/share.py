"""The share of a gain that is given up: gap / gain, both on the same items and with the same reference's seeds.

The set holds every f for which gap - f·gain is not told apart from 0 (Fieller 1954). Gap and gain share the scores of
the reference, item by item and seed by seed, so the difference is made an item, E_f = gap - f·gain, and has variance
components of its own at each f. Adding the two item variances as if they were independent, as `ratio_set` rightly does
for two suites, covers anything between .88 and .999 here.
"""

import numpy as np
import numpy.typing as npt

from harness.statistics.contrast import Contrast, contrast
from harness.statistics.critical import Array, Floats
from harness.statistics.moments import Moments, moments
from harness.statistics.ratio import RatioSet, set_over_angles


def share_set(
    gap: Floats, gain: Floats, tail: float, *, clusters: npt.NDArray[np.int64] | None = None, fixed: bool = False
) -> RatioSet:
    """Return the set of mean(gap) / mean(gain), each end missed with probability `tail`.

    `gap` and `gain` are ``(seeds, items)``, of two seeds or more, on the same items in the same order; `clusters` and
    `fixed` are as in `moments`. The set is bounded exactly where the gain is told apart from 0.
    """
    first, second, both = (moments(each, clusters, fixed=fixed) for each in (gap, gain, gap + gain))

    def tested(angle: Array) -> Contrast:
        return contrast((_mixed(first, second, both, np.cos(angle), -np.sin(angle)),), (1.0,))

    return set_over_angles(tested, float(first.row_means.mean()), float(second.row_means.mean()), tail)


def _mixed(first: Moments, second: Moments, both: Moments, a: Array, b: Array) -> Moments:
    """Return the moments of a·first + b·second by polarisation: `both` are those of first + second."""
    a, b = np.asarray(a), np.asarray(b)

    def square(of_first: Floats, of_second: Floats, of_both: Floats) -> Floats:
        mixed = a**2 * of_first + b**2 * of_second + a * b * (of_both - of_first - of_second)
        return np.asarray(np.maximum(0.0, mixed))  # what rounding leaves of a square that is 0

    return Moments(
        row_means=a[..., None] * first.row_means + b[..., None] * second.row_means,
        total=square(first.total, second.total, both.total),
        trace=square(first.trace, second.trace, both.trace),
        units=first.units,
        items=first.items,
        fixed=first.fixed,
    )
