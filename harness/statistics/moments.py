"""What inference needs of one suite's paired differences: seed-level means and the item variance of them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """One suite's paired differences, reduced. Shapes are ``(...)`` for replicates, ``(..., seeds)`` for means.

    With C the (seeds x seeds) covariance matrix of the row means under resampling of the items, `total` is the
    sum of all its entries and `trace` the sum of its diagonal. `units` counts what was sampled independently:
    items, or clusters of them. Where the items are the whole population, C is zero and `fixed` is true.
    """

    row_means: Floats
    total: Floats
    trace: Floats
    units: int
    items: int
    fixed: bool = False

    @property
    def seeds(self) -> int:
        """Number of paired training seeds."""
        return int(self.row_means.shape[-1])

    @property
    def item_variance(self) -> Floats:
        """Variance of the gap from the choice of items: the mean off-diagonal entry of C, floored at 0.

        The diagonal is left out because it also holds the residual (item x seed), which the variance between
        seeds already counts. With one seed there is only the diagonal, and the residual stays in.
        """
        if self.seeds == 1:
            return self.total
        return np.maximum(0.0, (self.total - self.trace) / (self.seeds * (self.seeds - 1)))

    @property
    def column_variance(self) -> Floats:
        """Variance of the gap from the choice of items, residual included: the mean of all entries of C."""
        return self.total / self.seeds**2

    @property
    def item_df(self) -> float:
        """Degrees of freedom of the item variance: units - 1."""
        return float(self.units - 1)


def moments(differences: Floats, clusters: npt.NDArray[np.int64] | None = None, *, fixed: bool = False) -> Moments:
    """Reduce paired differences ``(..., seeds, items)``; `clusters` ``(items,)`` labels dependent items.

    Sampling one item more or less moves a row mean by 1/items of its centred value, and clusters move as one:
    C = U Uᵀ · K/(K-1) / items², U the (seeds x K) sums of the row-centred differences over the K clusters; an
    item without cluster is its own. Raises ValueError where there are fewer than two items or a value is not
    finite: an error of the caller, who checks what users give.
    """
    items = differences.shape[-1]
    if items < 2:  # noqa: PLR2004 - a variance takes two
        raise ValueError(f"a variance over items takes two items or more, got {items}")
    means = differences.mean(axis=-1)
    if not np.isfinite(means).all():
        raise ValueError("differences must be finite")
    units = items if clusters is None else len(np.unique(clusters))
    if fixed or units == 1:
        zero = np.zeros(means.shape[:-1])
        return Moments(row_means=means, total=zero, trace=zero, units=units, items=items, fixed=fixed)
    sums = _cluster_sums(differences - means[..., None], clusters)
    scale = units / (units - 1) / items**2
    column = sums.sum(axis=-2)
    return Moments(
        row_means=means,
        total=scale * np.einsum("...k,...k->...", column, column),
        trace=scale * np.einsum("...sk,...sk->...", sums, sums),
        units=units,
        items=items,
    )


def _cluster_sums(centred: Floats, clusters: npt.NDArray[np.int64] | None) -> Floats:
    if clusters is None:
        return centred
    order = np.argsort(clusters, kind="stable")
    starts = np.flatnonzero(np.diff(clusters[order], prepend=clusters[order[0]] - 1))
    return np.add.reduceat(centred[..., order], starts, axis=-1)
