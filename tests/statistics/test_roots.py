"""Roots are those of `scipy.optimize.brentq`, bit for bit, found in as many looks at the function."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import brentq

from harness.statistics.critical import critical_value
from harness.statistics.roots import root

SHAPES = {
    "line": lambda x: x,
    "cube": lambda x: x**3,
    "steep": math.tanh,
    "sharp": lambda x: math.tanh(1e6 * x),
    "flat": lambda x: x**9,
    "tiny": lambda x: 1e-200 * x**3,
    "root": lambda x: math.copysign(math.sqrt(abs(x)), x),
    "exponential": math.expm1,
    "stairs": lambda x: math.floor(8 * x) + 0.5,
    "wavy": lambda x: x + 0.3 * math.sin(20 * x),
}
ends = st.floats(-50, 50, allow_subnormal=False)
tolerances = st.sampled_from([2e-12, 1e-13, 1e-14, 1e-3])


def looks(function):
    """Return the function, and the places at which it is looked at."""
    seen = []
    return lambda x: (seen.append(x), function(x))[1], seen


@pytest.mark.parametrize("shape", SHAPES)
@given(ends, ends, ends, tolerances, st.sampled_from([8.881784197001252e-16, 1e-13]))
def test_it_looks_where_brentq_looks(shape, low, high, at, xtol, rtol):
    def function(x):
        return float(SHAPES[shape](x - at))

    assume(function(low) * function(high) < 0 or function(low) == 0 or function(high) == 0)
    ours, here = looks(function)
    theirs, there = looks(function)
    try:
        expected = brentq(theirs, low, high, xtol=xtol, rtol=rtol)
    except RuntimeError:
        with pytest.raises(RuntimeError, match="no root after 100 steps"):
            root(ours, low, high, xtol=xtol, rtol=rtol)
        assert here == there
        return
    assert root(ours, low, high, xtol=xtol, rtol=rtol) == expected
    assert here == there


@given(st.floats(0.01, 40), st.floats(0, 1), st.integers(1, 300), st.integers(1, 300))
def test_p_values_are_found_in_the_same_places(statistic, share, seed_df, item_df):
    def excess(log_tail):
        return float(critical_value(10.0**log_tail, share, seed_df, item_df)) - statistic

    assume(excess(-100.0) > 0 > excess(math.log10(0.5)))
    found = root(excess, -100.0, math.log10(0.5), xtol=1e-13, rtol=1e-13)
    assert found == brentq(excess, -100.0, math.log10(0.5), xtol=1e-13, rtol=1e-13)


def test_two_ends_of_one_sign_are_refused():
    with pytest.raises(ValueError, match=r"no root is bracketed: the function is 1\.0 at -1 and 1\.0 at 1"):
        root(lambda x: float(x * x), -1, 1)


def test_a_value_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="NaN at -1"):
        root(lambda _: math.nan, -1, 1)


def test_a_function_that_cannot_be_closed_in_on_is_an_error():
    with pytest.raises(RuntimeError, match="no root after 100 steps"):
        root(lambda x: math.copysign(1.0, x - 0.3), 0.0, 1e300, xtol=1e-300)
