"""Whether the best rank grows with the amount of data, where an experiment crosses ranks with amounts."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import numpy as np

from harness.compare.design import Arm, Design
from harness.compare.scores import Reading, SuiteScores
from harness.compare.sizes import Size
from harness.statistics.growth import LEAST, growth
from harness.verdict.level import Level
from harness.verdict.records import RankGrowth

_CROSSED = 2
Grid = Mapping[Size, Arm]


def growth_level(design: Design) -> Level:
    """Return the error rate of exponents, shared by grids times suites that are no guards."""
    return Level.shared_by(len(list(_grids(design))) * len(design.learned), design)


def rank_growths(design: Design, reading: Reading) -> Iterator[RankGrowth]:
    """Yield what the best rank does over the amounts of data of each grid, on every suite that is no guard."""
    level = growth_level(design)
    for centre, grid in _grids(design):
        others = [arm for arm in grid.values() if arm.name != centre.name]
        for one in reading.of(design.beside(centre, *others)):
            yield _of_suite(centre, grid, one, level)


def _of_suite(centre: Arm, grid: Grid, scores: SuiteScores, level: Level) -> RankGrowth:
    ranks, rows = _axes(grid)
    means = np.array([[scores.values[grid[Size(rank, row)].name].mean(axis=1) for rank in ranks] for row in rows])
    whole = np.moveaxis(means, -1, 0)  # (seeds, amounts, ranks)
    found = growth(whole[np.isfinite(whole).all(axis=(1, 2))], rows, ranks, level.tail)
    return RankGrowth(
        centre=centre.name,
        task=scores.suite.task,
        ranks=tuple(ranks),
        rows=tuple(rows),
        best=found.best,
        exponent=found.exponent,
        interval=None if found.low is None or found.high is None else (found.low, found.high),
        reasons=found.reasons,
    )


def _grids(design: Design) -> Iterator[tuple[Arm, Grid]]:
    """Yield each centre whose variants and itself are every rank on every amount of data, three of each or more."""
    for _, group in groupby(design.varied, key=lambda each: each.centre.name):
        varied = list(group)
        arms = [varied[0].centre, *(each.arm for each in varied)]
        if any(len(each.levels) != _CROSSED for each in varied) or any(arm.name not in design.sizes for arm in arms):
            continue
        grid = {design.sizes[arm.name]: arm for arm in arms}
        ranks, rows = _axes(grid)
        if len(grid) == len(arms) == len(ranks) * len(rows) and min(len(ranks), len(rows)) >= LEAST <= min(rows):
            yield varied[0].centre, grid


def _axes(grid: Grid) -> tuple[Sequence[int], Sequence[int]]:
    return sorted({each.rank for each in grid}), sorted({each.rows for each in grid})
