"""What is asked for is enough and not more than enough, within what there is, and says which of the two binds."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from harness.statistics.planning import POWER, Budget, power
from harness.statistics.sample_size import AIM, MAX_SEEDS, Aim, Mix, chance, enough, floors
from helpers.paired import quick

TAIL = 0.0125
COMMON = Budget(seed=1e-4, item=1e-4, residual=2e-4, item_df=999.0)


@st.composite
def one_aim(draw):
    """Draw a condition with one end or two, with any of the sources of variance the largest."""
    seed, item, residual = (10.0 ** draw(st.floats(-6, -3)) for _ in range(3))
    budget = Budget(seed=seed, item=item, residual=residual, item_df=draw(st.sampled_from([9.0, 99.0, 999.0])))
    return Aim(budget=budget, distance=draw(st.floats(0.01, 0.1)), other=draw(st.none() | st.floats(0.01, 0.1)))


aims = st.lists(one_aim(), min_size=1, max_size=3)


@given(aims, st.integers(2, 12), st.sampled_from([1.0, 3.0, 15.0]))
@quick
def test_what_is_asked_for_is_enough_and_there(wanted, present, most):
    found = enough(wanted, TAIL, present=present, most_items=most)
    for mix in found:
        assert present <= mix.seeds <= MAX_SEEDS
        assert 1 <= mix.items <= most * (1 + 1e-9)
        assert float(chance(wanted, TAIL, mix.seeds, mix.items)) >= AIM - 1e-6
    assert [mix.seeds for mix in found] == sorted({mix.seeds for mix in found})
    assert all(mix.items > 1 for mix in found[:-1])


@given(aims, st.integers(2, 12), st.sampled_from([1.0, 3.0, 15.0]))
@quick
def test_it_is_not_more_than_enough(wanted, present, most):
    for mix in enough(wanted, TAIL, present=present, most_items=most):
        if mix.items > 1:
            assert float(chance(wanted, TAIL, mix.seeds, 0.99 * mix.items)) < AIM
    if not enough(wanted, TAIL, present=present, most_items=most):
        # Up to a thousandth of power is lost with more items, where seeds are nearly all of the variance.
        assert float(chance(wanted, TAIL, MAX_SEEDS, most)) < AIM + 1e-3


@given(aims, st.integers(2, 12))
@quick
def test_more_variance_never_asks_for_less(wanted, present):
    noisier = [replace(each, budget=replace(each.budget, seed=3 * each.budget.seed)) for each in wanted]
    less, more = (
        {mix.seeds: mix.items for mix in enough(each, TAIL, present=present, most_items=15.0)}
        for each in (wanted, noisier)
    )
    last = max(less, default=MAX_SEEDS)
    for seeds, items in more.items():
        assert less.get(seeds, 1.0 if seeds > last else np.inf) <= items * (1 + 1e-3)


@given(aims)
@quick
def test_below_a_floor_nothing_of_the_other_helps(wanted):
    least = floors(wanted, TAIL)
    if least.seeds > 3:
        assert float(chance(wanted, TAIL, least.seeds - 1, 1e6)) < POWER
    if least.items > 0.01:
        assert float(chance(wanted, TAIL, 1e6, 0.99 * least.items)) < POWER


def test_floors_are_those_of_the_normal_distribution():
    least = floors([Aim(budget=COMMON, distance=0.02)], 0.025)
    reach = (norm.isf(0.025) + norm.isf(0.2)) ** 2
    assert reach == pytest.approx(7.85, abs=0.005)
    assert least.seeds == np.ceil(reach * 1e-4 / 0.02**2)
    assert least.items == pytest.approx(reach * 1e-4 / 0.02**2)


def test_the_chance_of_one_condition_is_its_power_and_of_several_at_least_their_sum():
    one, margin = Aim(budget=COMMON, distance=0.04), Aim(budget=COMMON, distance=0.05, other=0.03)
    first, near, far = (float(power(COMMON, distance, TAIL, 8)) for distance in (0.04, 0.03, 0.05))
    assert float(chance([one], TAIL, 8)) == pytest.approx(first)
    assert float(chance([margin], TAIL, 8)) == pytest.approx(near + far - 1)
    assert float(chance([one, margin], TAIL, 8)) == pytest.approx(first + near + far - 2)


def test_where_the_items_are_all_that_there_are_only_seeds_can_help():
    few_items = Aim(budget=Budget(seed=1e-6, item=1e-2, residual=1e-6, item_df=99.0), distance=0.02)
    assert enough([few_items], TAIL, present=3) == ()
    assert floors([few_items], TAIL).items > 1
    assert enough([few_items], TAIL, present=3, most_items=1000)[0].seeds == 3
    few_seeds = Aim(budget=Budget(seed=1e-2, item=1e-8, residual=1e-8, item_df=99.0), distance=0.05)
    (mix,) = enough([few_seeds], TAIL, present=3, most_items=1000)
    assert mix == Mix(mix.seeds, 1.0)
    assert mix.seeds >= floors([few_seeds], TAIL).seeds > 3


def test_the_upper_limit_asks_for_more():
    aim = Aim(budget=COMMON, distance=0.05)
    low, high = (enough([each], TAIL, present=3)[0].seeds for each in (aim, aim.at_upper_limit(3)))
    assert high > low


def test_what_does_not_vary_is_shown_by_what_there_is():
    still = Aim(budget=Budget(seed=0.0, item=0.0, residual=0.0, item_df=99.0), distance=0.02)
    assert enough([still], TAIL, present=3) == (Mix(3, 1.0),)
    assert enough([still], TAIL, present=MAX_SEEDS + 50) == (Mix(MAX_SEEDS + 50, 1.0),)
