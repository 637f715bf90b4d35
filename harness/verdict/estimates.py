"""Contrasts of one data set as records of plain numbers."""

from harness.statistics.contrast import Contrast
from harness.verdict.records import Estimate


def estimate(contrast: Contrast, tail: float, comparisons: int) -> Estimate:
    """Return the estimate with its interval, `tail` on each side."""
    low, high = contrast.interval(tail)
    p = contrast.p_zero()
    return Estimate(
        estimate=float(contrast.estimate),
        interval=(float(low), float(high)),
        se=float(contrast.se),
        w=float(contrast.share) if contrast.seed_df > 0 else 0.0,
        df=float(contrast.df),
        df_seeds=contrast.seed_df,
        df_items=float(contrast.item_df),
        p=p,
        p_adjusted=min(1.0, p * comparisons),
    )
