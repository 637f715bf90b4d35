"""Whether two samples are of one population: means and a classifier, against how the first differs from itself.

Every draw is from the generator that is given.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.sparse import csr_matrix, vstack
from scipy.special import ndtri
from scipy.stats import rankdata

from harness.statistics.critical import Floats

Mask = npt.NDArray[np.bool_]

RESAMPLES = 1999
SPLITS = 399
FOLDS = 5
FEWEST = 2 * FOLDS
"""Items a side without which a fold would hold one alone."""
CHANCE = 0.5

_SMOOTHING = 0.5
_AT_ONCE = 1 << 21
_EDGE = 1e-9
"""Where nothing is in doubt a share has a second limit, that share itself: the one inside is sought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """What tells two samples apart in one respect, with its interval, and how far parts of the first are apart.

    `null` is the value where nothing differs. `noise` is how far from it `SPLITS` random splits of the first sample lie
    at most, but for a share of `alpha`; `p` is the share of splits that lie as far as the estimate, it among them.
    `alpha` is also the two-sided error rate of the interval.
    """

    estimate: float
    low: float
    high: float
    null: float
    noise: float
    p: float
    alpha: float

    @property
    def found(self) -> bool:
        """Whether it lies beyond what the first sample differs from itself, and its interval excludes no difference."""
        return self.p <= self.alpha and not self.low <= self.null <= self.high


def mean_shift(old: Floats, new: Floats, *, alpha: float, rng: np.random.Generator) -> Shift:
    """Return the difference of means, new minus old, with its bootstrap-t interval (Efron & Tibshirani 1993, 12.5)."""
    estimate = float(new.mean() - old.mean())
    low, high = _bootstrap_t(old, new, alpha, rng)
    splits = _distances((len(old), len(new)), lambda part: abs(float(old[part].mean() - old[~part].mean())), rng)
    noise, p = _noise(splits, alpha), _as_far(splits, abs(estimate))
    return Shift(estimate=estimate, low=low, high=high, null=0.0, noise=noise, p=p, alpha=alpha)


def separation_shift(old: csr_matrix, new: csr_matrix, *, alpha: float, rng: np.random.Generator) -> Shift:
    """Return with which probability a classifier ranks a new item above an old one: 0.5 where it cannot tell them.

    `old` and `new` hold counts, ``(items, features)``, over the same features. The classifier is naive Bayes on the
    mean of an item's features, so that length has no say, and ranks items that it was not fitted on (`FOLDS` folds).
    The interval is Newcombe's for a Mann-Whitney statistic (Statistics in Medicine 2006, 25:559, method 5).
    """
    sizes = (old.shape[0], new.shape[0])
    is_new = np.repeat([False, True], sizes)
    estimate = separation(csr_matrix(vstack([old, new])), is_new, rng)
    low, high = _of_ranks(estimate, sizes, alpha)
    splits = _distances(sizes, lambda part: separation(old, part, rng) - CHANCE, rng)
    noise, p = _noise(splits, alpha), _as_far(splits, estimate - CHANCE)
    return Shift(estimate=estimate, low=low, high=high, null=CHANCE, noise=noise, p=p, alpha=alpha)


def separation(counts: csr_matrix, is_new: Mask, rng: np.random.Generator) -> float:
    """Return the share of pairs of a new and an old item of one fold that are ranked right, ties as a half."""
    fold = np.empty(len(is_new), dtype=int)
    for side in (is_new, ~is_new):
        fold[side] = rng.permutation(int(side.sum())) % FOLDS
    scores = _scores(counts, is_new, fold)
    right = pairs = 0.0
    for k in range(FOLDS):
        inside = fold == k
        found, number = _ranked_right(scores[inside], is_new[inside])
        right, pairs = right + found, pairs + number
    return right / pairs


def _scores(counts: csr_matrix, is_new: Mask, fold: npt.NDArray[np.int_]) -> Floats:
    """Return each item's mean log-ratio of its features' shares, fitted on the other folds: ``(items,)``."""
    folds = np.eye(FOLDS)[fold]
    logs = []
    for side in (is_new, ~is_new):
        by_fold = np.asarray(counts.T @ (folds * side[:, None]))
        fitted = by_fold.sum(axis=1, keepdims=True) - by_fold + _SMOOTHING
        logs.append(np.log(fitted) - np.log(fitted.sum(axis=0)))
    ratios = np.asarray(counts @ (logs[0] - logs[1]))[np.arange(len(fold)), fold]
    features = np.asarray(counts.sum(axis=1)).ravel()
    return np.asarray(ratios / np.maximum(features, 1.0))


def _ranked_right(scores: Floats, is_new: Mask) -> tuple[float, int]:
    """Return the Mann-Whitney count of new over old, and the number of pairs."""
    new = int(is_new.sum())
    ranks = float(rankdata(scores)[is_new].sum())
    return ranks - new * (new + 1) / 2, new * (len(scores) - new)


def _of_ranks(estimate: float, sizes: tuple[int, int], alpha: float) -> tuple[float, float]:
    z, (first, second) = -float(ndtri(alpha / 2)), sizes

    def error(value: float) -> float:
        spread = 1 + ((first + second) / 2 - 1) * ((1 - value) / (2 - value) + value / (1 + value))
        return float(np.sqrt(value * (1 - value) * spread / (first * second)))

    low = (
        brentq(lambda value: estimate - value - z * error(value), 0, min(estimate, 1 - _EDGE)) if estimate > 0 else 0.0
    )
    high = brentq(lambda value: value - estimate - z * error(value), max(estimate, _EDGE), 1) if estimate < 1 else 1.0
    return float(low), float(high)


def _bootstrap_t(old: Floats, new: Floats, alpha: float, rng: np.random.Generator) -> tuple[float, float]:
    estimate = float(new.mean() - old.mean())
    error = float(np.sqrt(old.var(ddof=1) / len(old) + new.var(ddof=1) / len(new)))
    if error == 0:
        return estimate, estimate
    means, variances = zip(_resampled(old, rng), _resampled(new, rng), strict=True)
    spread = np.sqrt(variances[0] + variances[1])
    kept = spread > 0
    pivots = (means[1] - means[0] - estimate)[kept] / spread[kept]
    lower, upper = np.quantile(pivots, [alpha / 2, 1 - alpha / 2])
    return estimate - float(upper) * error, estimate - float(lower) * error


def _resampled(values: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return the means of `RESAMPLES` resamples and the variances of these means."""
    means, variances, left = list[Floats](), list[Floats](), RESAMPLES
    while left:
        rows = min(left, max(1, _AT_ONCE // len(values)))
        drawn = values[rng.integers(len(values), size=(rows, len(values)))]
        means.append(drawn.mean(axis=1))
        variances.append(drawn.var(axis=1, ddof=1) / len(values))
        left -= rows
    return np.concatenate(means), np.concatenate(variances)


def _distances(sizes: tuple[int, int], apart: Callable[[Mask], float], rng: np.random.Generator) -> Floats:
    """Return how far apart random splits of the first sample are: a part as large as the second, or half, and the rest.

    No split is larger than the comparison on either side, so that chance has at least as much room in it.
    """
    first, second = sizes
    size = min(second, first // 2)
    found = np.empty(SPLITS)
    for k in range(SPLITS):
        part = np.zeros(first, dtype=bool)
        part[rng.permutation(first)[:size]] = True
        found[k] = apart(part)
    return found


def _noise(distances: Floats, alpha: float) -> float:
    """Return the distance that a split exceeds with probability `alpha`, by its place among them and one more."""
    place = min(SPLITS, int(np.ceil((SPLITS + 1) * (1 - alpha))))
    return float(np.sort(distances)[place - 1])


def _as_far(distances: Floats, distance: float) -> float:
    return (1 + int(np.sum(distances >= distance))) / (SPLITS + 1)
