"""How alike two rankings are, and how sure that is over seeds, each of which gave a ranking of its own."""

from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from harness.statistics.critical import Floats

TAIL = 0.025
"""The probability with which each end of an interval is missed."""

_LEAST_PAIRED = 2
_LEAST_BETWEEN = 3


def spearman(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """Return the correlation of the ranks of two lists of numbers, equal ones having the mean of their ranks.

    Raises ValueError for lists of different lengths, of a single number, or of equal ones, which rank nothing.
    """
    from scipy.stats import rankdata  # a worker imports this module at its start, and scipy.stats takes long

    ranks = [rankdata(np.asarray(each, dtype=float)) for each in (one, other)]
    if len(ranks[0]) != len(ranks[1]):
        raise ValueError(f"{len(ranks[0])} and {len(ranks[1])} numbers are not the same things ranked twice")
    centred = [each - each.mean() for each in ranks]
    spread = np.sqrt(np.square(centred[0]).sum() * np.square(centred[1]).sum())
    if not spread:
        raise ValueError("numbers that are all equal rank nothing")
    return float(np.clip((centred[0] * centred[1]).sum() / spread, -1.0, 1.0))


def over_seeds(values: npt.ArrayLike) -> tuple[float, float] | None:
    """Return the 95% interval of the mean of one correlation a seed, Student's; None with fewer than two seeds.

    It is about new seeds, which draw other rows, and these very layers; it is cut at -1 and 1.
    """
    found = np.asarray(values, dtype=float)
    return None if len(found) < _LEAST_PAIRED else _interval(float(found.mean()), found)


def between_seeds(matrix: Floats) -> tuple[float, float] | None:
    """Return the 95% interval of the mean correlation of two seeds, from all of them, (seeds, seeds).

    Pairs share seeds and are not independent, so it stands on the pseudo-values of the seeds (Tukey's jackknife; see
    `harness.statistics.pseudo`). None with fewer than three seeds: without one of two there is no pair.
    """
    seeds = len(matrix)
    if seeds < _LEAST_BETWEEN:
        return None
    pairs = np.array([[matrix[pair], *pair] for pair in combinations(range(seeds), 2)])
    mean = float(pairs[:, 0].mean())
    without = np.array([pairs[(pairs[:, 1:] != seed).all(axis=1), 0].mean() for seed in range(seeds)])
    return _interval(mean, seeds * mean - (seeds - 1) * without)


def _interval(mean: float, contributions: Floats) -> tuple[float, float]:
    count = len(contributions)
    margin = -float(stdtrit(count - 1, TAIL)) * float(contributions.std(ddof=1) / np.sqrt(count))
    return max(-1.0, mean - margin), min(1.0, mean + margin)
