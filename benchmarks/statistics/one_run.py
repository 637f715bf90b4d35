"""The gate for one run: how often a recipe that is just worse passes, and what it costs if it is noisier than assumed.

The new recipe's variance between seeds is taken from the baseline's. Scores are normal effects, drawn as the moments
that the rule reads: seed effects, items that both sides share, and what is left a score.
"""

import itertools
from collections.abc import Iterator

import numpy as np

from benchmarks.statistics.run import EXCESS, WIDEST, Bar, Block, Run, table
from benchmarks.statistics.untrue import SESOI
from harness.statistics.moments import Moments
from harness.statistics.one_run import against_one

ITEMS = 1000
TIMES = (0.5, 1.0, 1.5, 2.0, 3.0)
"""The new recipe's seed SD over the baseline's; 1 is what is assumed."""
KINDS = {
    "0/1 scores": (0.01, 0.12, 0.39),
    "continuous scores": (0.01, 0.2, 0.14),
    "almost no noise": (0.002, 0.05, 0.035),
    "seeds alone": (0.02, 0.01, 0.035),
}
"""SD of seeds, of items of the difference, and of what is left of one score."""


def part(run: Run) -> Iterator[Block]:
    """Yield how often one that is worse by the margin passes, by how noisy it is, and one that is alike."""
    rows = []
    for kind, seeds in itertools.product(run.choice(list(KINDS), ["0/1 scores"]), run.choice((2, 3, 5, 10), (3,))):
        passed = [_passed(run, kind, seeds, times, SESOI) / WIDEST for times in TIMES]
        rows.append([kind, seeds, *passed, _passed(run, kind, seeds, 1.0, 0.0)])
    yield f"Passing though worse by the margin ({100 * SESOI:g} points), over the tail, by the new recipe's seed SD:"
    yield table(rows, ["kind", "baseline seeds", *(f"{times:g} times" for times in TIMES), "alike: passes"])
    yield Bar(
        what="passes though worse by the margin, as noisy as assumed or less, over the tail",
        value=max(max(row[2:4]) for row in rows),
        limit=EXCESS,
        replicates=run.replicates,
        cells=2 * len(rows),
        unit=WIDEST,
    )


def _passed(run: Run, kind: str, seeds: int, times: float, gap: float) -> float:
    rng = run.stream("one run", kind, seeds, times, gap)
    differences, means = _draw(run.replicates, rng, kind=kind, seeds=seeds, times=times, gap=gap)
    found = against_one(differences, means, 1.0, -1.0)
    return float((found.interval(WIDEST)[1] < SESOI).mean())


def _draw(
    count: int, rng: np.random.Generator, *, kind: str, seeds: int, times: float, gap: float
) -> tuple[Moments, np.ndarray]:
    """Return baseline[s] - new, reduced, and the baseline's means, of all replicates."""
    seed_sd, item_sd, rest_sd = KINDS[kind]
    item, rest = item_sd / np.sqrt(ITEMS), rest_sd / np.sqrt(ITEMS)
    baseline = seed_sd * rng.standard_normal((count, seeds)) + rest * rng.standard_normal((count, seeds))
    new = times * seed_sd * rng.standard_normal(count) + rest * rng.standard_normal(count)
    means = gap + baseline - new[:, None] + item * rng.standard_normal((count, 1))
    # Under resampling of items the rows share items and the new run's rest, and have the baseline's rest of their own.
    df = ITEMS - 1
    along = (seeds * (item**2 + rest**2) + rest**2) * rng.chisquare(df, count) / df
    across = rest**2 * rng.chisquare((seeds - 1) * df, count) / df
    return Moments(row_means=means, total=seeds * along, trace=along + across, units=ITEMS, items=ITEMS), baseline
