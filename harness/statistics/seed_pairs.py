"""Seeds taken as pairs, as papers on adaptation count them: with how many one is ahead, the paired t and d_z.

They describe the very seeds of one model on the very items that were scored. Verdicts rest on contrasts, which speak of
new seeds and new items.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedPairs:
    """Of so many `pairs`, with how many the candidate is ahead (`wins`) or even (`ties`), and the paired t and d_z.

    Both are positive where the candidate is ahead, as `wins` is; None of one pair, or where all differ by the same.
    """

    pairs: int
    wins: int
    ties: int
    t: float | None
    effect_size: float | None


def seed_pairs(gaps: Sequence[float]) -> SeedPairs:
    """Return how the seeds of two recipes compare, by their `gaps`: reference minus candidate, one a seed or more.

    t is the mean over its standard error, d_z (Cohen) the mean over the standard deviation.
    """
    spread = statistics.stdev(gaps) if len(gaps) > 1 else 0.0
    effect = -statistics.fmean(gaps) / spread if spread else None
    return SeedPairs(
        pairs=len(gaps),
        wins=sum(gap < 0 for gap in gaps),
        ties=sum(gap == 0 for gap in gaps),
        t=None if effect is None else effect * math.sqrt(len(gaps)),
        effect_size=effect,
    )
