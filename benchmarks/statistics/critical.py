"""The critical value alone, the item part known: its error over the stated one, by quadrature and so without chance.

With V_seed = 1 and V_item = r, the estimate is normal with variance 1 + r and the estimated seed variance is
chi-squared over its degrees of freedom; the error is the normal tail at the half-width, averaged over the latter.
"""

import functools
import itertools
from collections.abc import Iterator

import numpy as np
from scipy.special import chdtri, ndtr

from benchmarks.statistics.run import TAILS, Bar, Block, Run, table
from harness.statistics.critical import critical_value

RATIOS = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Item variance over seed variance of the gap."""
ITEM_DF = 999.0
_NODES = 2000


def error(seeds: int, tail: float, ratio: float) -> float:
    """Return the one-sided error of the interval that leaves `tail`."""
    nodes, weights = _quadrature()
    between = chdtri(seeds - 1, (1 - nodes) / 2) / (seeds - 1)
    variance = between + ratio
    width = critical_value(tail, between / variance, seeds - 1.0, ITEM_DF) * np.sqrt(variance)
    return float((weights / 2 * ndtr(-width / np.sqrt(1 + ratio))).sum())


@functools.cache
def _quadrature() -> tuple[np.ndarray, np.ndarray]:
    return np.polynomial.legendre.leggauss(_NODES)


def part(run: Run) -> Iterator[Block]:
    """Yield the largest error over ratios, relative to the tail, by seeds and tail."""
    cells = list(itertools.product(run.choice((2, 3, 4, 5, 7, 10), (2, 3, 10)), TAILS.items()))
    worst = [max(error(s, tail, ratio) / tail for ratio in RATIOS) for s, (_, tail) in cells]
    rows = [[s, name, tail, value] for (s, (name, tail)), value in zip(cells, worst, strict=True)]
    yield table(rows, ["seeds", "tail of", "tail", "largest error over the stated one"])
    # A thousandth is what the quadrature leaves where there is no item part and the error is the stated one.
    yield Bar(what="error over the stated one", value=max(worst), limit=1.001, replicates=None, cells=len(worst))
