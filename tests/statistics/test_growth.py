"""The exponent by which a best size grows: found where it was put, and not told where it cannot be."""

import numpy as np
import pytest

from harness.statistics.growth import growth

AMOUNTS, SIZES, TAIL = (97, 193, 386, 773), (2, 8, 32, 128), 0.025


def scored(best, seeds=5, noise=0.0):
    """Scores (seeds, amounts, sizes): parabolas over log(size) with their tops at `best`, one an amount."""
    tops, sizes = np.log(best)[:, None], np.log(SIZES)[None]
    shaken = np.random.default_rng(3).normal(scale=noise, size=(seeds, len(best), len(SIZES)))
    return -((sizes - tops) ** 2)[None] + shaken


@pytest.mark.parametrize("exponent", [-1.0, 0.0, 0.7, 3.0])
def test_a_planted_exponent_is_found_with_the_sizes(exponent):
    best = 6 * np.log(AMOUNTS) ** exponent
    best = best / best.mean() * 16
    found = growth(scored(best, noise=1e-9), AMOUNTS, SIZES, TAIL)
    assert found.exponent == pytest.approx(exponent, abs=1e-6)
    assert found.best == pytest.approx(best)
    assert found.reasons == ()


def test_noise_between_seeds_widens_the_interval_which_holds_what_was_planted():
    best = 4 * np.log(AMOUNTS) ** 0.7
    narrow, wide = (growth(scored(best, noise=noise), AMOUNTS, SIZES, TAIL) for noise in (0.01, 0.3))
    assert wide.high - wide.low > narrow.high - narrow.low > 0
    assert wide.low < 0.7 < wide.high
    assert narrow.low < narrow.exponent < narrow.high


def test_the_interval_holds_what_was_planted_as_often_as_it_says():
    best, held = 4 * np.log(AMOUNTS) ** 0.7, 0
    generator = np.random.default_rng(5)
    for _ in range(400):
        scores = scored(best, seeds=3) + generator.normal(scale=0.1, size=(3, len(AMOUNTS), len(SIZES)))
        found = growth(scores, AMOUNTS, SIZES, 0.1)
        held += found.low < 0.7 < found.high
    assert 0.75 < held / 400 < 0.85


def test_a_best_size_at_the_edge_or_none_at_all_leaves_the_exponent_untold():
    found = growth(scored(np.array([16, 16, 16, 200])), AMOUNTS, SIZES, TAIL)
    assert found.exponent is found.low is found.high is None
    assert found.reasons == ("at 773 rows 5 of 5 seeds have no best rank between 2 and 128",)
    assert found.best[:3] == pytest.approx((16, 16, 16))
    assert found.best[3] is None
    assert len(growth(-scored(np.full(4, 16.0)), AMOUNTS, SIZES, TAIL).reasons) == 4  # the worst lies in the middle


def test_one_seed_has_no_interval():
    assert growth(scored(np.full(4, 16.0), seeds=1), AMOUNTS, SIZES, TAIL).reasons == ("a single seed has no interval",)


@pytest.mark.parametrize(("amounts", "sizes"), [(AMOUNTS[:2], SIZES), (AMOUNTS, SIZES[:2]), ((1, 10, 100), SIZES)])
def test_too_few_amounts_or_sizes_are_refused(amounts, sizes):
    with pytest.raises(ValueError, match="3 amounts"):
        growth(np.zeros((2, len(amounts), len(sizes))), amounts, sizes, TAIL)
