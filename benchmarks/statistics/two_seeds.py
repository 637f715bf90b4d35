"""Coverage of the critical value alone, the item variance being known: why two seeds fall short.

python -m benchmarks.statistics.two_seeds
"""

import numpy as np
from tabulate import tabulate

from harness.statistics.critical import critical_value

REPLICATES, SEED, TAIL, ITEM_DF = 400_000, 1, 0.025, 999.0
RATIOS = (0.0, 0.003, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0, 3.0)
"""Item variance over seed variance of the gap."""


def covered(seeds: int, ratio: float, rng: np.random.Generator) -> float:
    """Return how often the interval holds the truth, 0, with a seed variance of 1 estimated from `seeds`."""
    between = rng.chisquare(seeds - 1, REPLICATES) / (seeds - 1)
    estimate = rng.normal(0.0, np.sqrt(1 + ratio), REPLICATES)
    variance = between + ratio
    critical = critical_value(TAIL, between / variance, seeds - 1.0, ITEM_DF)
    return float(np.mean(np.abs(estimate) <= critical * np.sqrt(variance)))


def main() -> None:
    """Print the table."""
    rng = np.random.default_rng(SEED)
    rows = [[seeds, *(covered(seeds, ratio, rng) for ratio in RATIOS)] for seeds in (2, 3, 5, 10)]
    print(tabulate(rows, headers=["seeds", *map(str, RATIOS)], floatfmt=".4f", tablefmt="github"))


if __name__ == "__main__":
    main()
