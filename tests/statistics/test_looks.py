"""A fast subset of the simulation of looks: what is declared keeps its error rate, and futility saves seeds."""

from itertools import chain

import numpy as np
import pytest

from benchmarks.statistics import looks
from benchmarks.statistics.effects import Effects, reduced
from benchmarks.statistics.nested import nested
from benchmarks.statistics.run import Run

REPLICATES = 1000


def test_the_first_seeds_of_a_world_are_a_world_of_fewer_seeds():
    """Their moments have the distribution of those that are drawn for that many seeds alone."""
    gaps = ((0.08, 0.04),) * 2
    whole = nested(Effects(gaps=gaps, seeds=5, items=100), 4000, np.random.default_rng(1), (3, 5))
    for seeds, found in whole.items():
        alone = reduced(Effects(gaps=gaps, seeds=seeds, items=100), 4000, np.random.default_rng(2))
        for mine, theirs in zip(chain(*found), chain(*alone), strict=True):
            assert mine.row_means.shape == theirs.row_means.shape
            for what in ("total", "trace", "item_variance"):
                first, second = getattr(mine, what), getattr(theirs, what)
                assert first.mean() == pytest.approx(second.mean(), rel=0.05)
                assert first.std() == pytest.approx(second.std(), rel=0.15)
            assert mine.row_means.mean(axis=1).std() == pytest.approx(theirs.row_means.mean(axis=1).std(), rel=0.1)


def over(gaps, kind="0/1 scores"):
    """Return the comparisons over looks at 3, 5, 8 and 12 seeds."""
    run = Run(replicates=REPLICATES, seed=3)
    _, found = looks.over_looks(looks.world(gaps, kind), run)
    assert found.looks == (3, 5, 8, 12)
    return found


@pytest.mark.parametrize("truth", [(0.02, 0.0), (0.02, 0.02), (0.08, 0.06)])
def test_nothing_untrue_is_said_more_often_over_all_looks_than_is_stated(truth):
    assert looks.error(over((truth,), "almost no noise").declared) < 0.05 + 4 * np.sqrt(0.05 / REPLICATES)


def test_what_is_not_declared_is_untrue_more_often():
    found = over(((0.02, 0.0, 0.0),), "almost no noise")
    assert looks.error(found.declared) < looks.error(found.undeclared)


def test_futility_saves_seeds_where_nothing_is_there_and_none_where_much_is():
    nothing, much = (looks.seeds_used(over((truth,)).declared, (3, 5, 8, 12)) for truth in ((0.0, 0.0), (0.08, 0.08)))
    assert nothing[0] < nothing[1] - 1
    assert much[0] == pytest.approx(much[1], abs=0.3)
    assert much[0] < 9
