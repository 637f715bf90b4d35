"""The root of a function between two places where its signs differ (Brent 1973, chapter 4).

The operations are those of `scipy.optimize.brentq`, in its order, so that roots are equal to it in every bit: importing
`scipy.optimize` for one function takes half of the start of a program that judges.
"""

import math
from collections.abc import Callable

_STEPS = 100


def root(
    function: Callable[[float], float],
    low: float,
    high: float,
    *,
    xtol: float = 2e-12,
    rtol: float = 8.881784197001252e-16,
) -> float:
    """Return x between `low` and `high` where `function` is 0, to xtol + rtol·|x|.

    Raises `ValueError` where both ends have one sign or a value is NaN, `RuntimeError` after 100 steps.
    """
    before, here = low, high
    f_before, f_here = _value(function, before), _value(function, here)
    if f_before == 0:
        return before
    if f_here == 0:
        return here
    if (f_before < 0) == (f_here < 0):
        raise ValueError(f"no root is bracketed: the function is {f_before} at {low} and {f_here} at {high}.")
    across, f_across, last, step = before, f_before, 0.0, 0.0
    for _ in range(_STEPS):
        if f_here != 0 and (f_before < 0) != (f_here < 0):  # the one before is on the other side
            across, f_across = before, f_before
            last = step = here - before
        if abs(f_across) < abs(f_here):  # the better end of the bracket goes on
            before, here, across = here, across, here
            f_before, f_here, f_across = f_here, f_across, f_here
        close, half = (xtol + rtol * abs(here)) / 2, (across - here) / 2
        if f_here == 0 or abs(half) < close:
            return here
        tried = math.inf
        if abs(last) > close and abs(f_here) < abs(f_before):
            tried = _interpolated((before, f_before), (here, f_here), (across, f_across))
        short = 2 * abs(tried) < min(abs(last), 3 * abs(half) - close)
        last, step = (step, tried) if short else (half, half)
        before, f_before = here, f_here
        here += step if abs(step) > close else math.copysign(close, half)
        f_here = _value(function, here)
    raise RuntimeError(f"no root after {_STEPS} steps between {low} and {high}; the last place is {here}.")


Point = tuple[float, float]


def _interpolated(before: Point, here: Point, across: Point) -> float:
    """Return the step from `here` to the secant's root, or to the inverse parabola's where there are three points."""
    (x0, f0), (x1, f1), (x2, f2) = before, here, across
    if x0 == x2:
        return -f1 * (x1 - x0) / (f1 - f0)
    slope, across_slope = (f0 - f1) / (x0 - x1), (f2 - f1) / (x2 - x1)
    below = across_slope * slope * (f2 - f0)
    return -f1 * (f2 * across_slope - f0 * slope) / below if below else math.inf


def _value(function: Callable[[float], float], at: float) -> float:
    value = function(at)
    if math.isnan(value):
        raise ValueError(f"the function whose root is sought is NaN at {at}.")
    return value
