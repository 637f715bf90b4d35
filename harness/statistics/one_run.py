"""One run of a new recipe beside the seeds of a baseline: its variance between seeds is taken from theirs.

The model is y = seed + item + rest with one draw of the new recipe's seed. Its variance between seeds cannot be seen in
one run, so it is *assumed* to be the baseline's. The variance of b·mean(baseline) + c·new is then s²·(b²/S + c²), s²
being that of the baseline's S seeds with S-1 degrees of freedom, plus the item part, which is that of the differences:
the mean entry off the diagonal of their covariance matrix. That one holds the new run's rest, which s² holds too, so
that it counts twice; without a second run it cannot be told apart, and the interval is a little too wide for it.
"""

import numpy as np

from harness.statistics.contrast import Contrast
from harness.statistics.critical import Floats
from harness.statistics.moments import Moments
from harness.statistics.planning import Budget


def against_one(differences: Moments, baseline_means: Floats, of_baseline: float, of_one: float) -> Contrast:
    """Return the mean of b·baseline + c·new with its variance.

    `differences` are those of b·baseline[s] + c·new, reduced, two seeds or more; `baseline_means` ``(..., seeds)`` the
    baseline's scores, seed by seed. Without a part of the baseline (b = 0) they still say how seeds differ.
    """
    seeds = baseline_means.shape[-1]
    between = np.var(baseline_means, axis=-1, ddof=1)
    return Contrast(
        estimate=differences.row_means.mean(axis=-1),
        seed_variance=np.asarray(between * (of_baseline**2 / seeds + of_one**2)),
        item_variance=differences.item_variance,
        seed_df=float(seeds - 1),
        item_df=np.asarray(differences.item_df),
    )


def budget_of_one(between: float, item: float, item_df: float, weights: tuple[float, float], seeds: Floats) -> Budget:
    """Return the variance by source for numbers of baseline seeds, as plans take it: seed / seeds is V_seed."""
    of_baseline, of_one = weights
    return Budget(seed=between * (of_baseline**2 + seeds * of_one**2), item=item, residual=0.0, item_df=item_df)
