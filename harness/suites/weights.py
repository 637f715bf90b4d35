"""How much a training row counts in the loss: its optional `weight`."""

import math
from collections.abc import Mapping
from typing import Any

WEIGHT = "weight"
"""The key of a document or row that says how much its labels count, 1 where it is not there."""


def weight_in(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the weight that a document or row has, as the text of a number; nothing where it has none.

    Raises ValueError, with what is there, for anything but a finite number of 0 or more or the text of one.
    """
    if WEIGHT not in document:
        return {}
    given = document[WEIGHT]
    number = _number(given)
    if number is None or not math.isfinite(number) or number < 0:
        raise ValueError(f"`{WEIGHT}` is {given!r:.40}, and not a number of 0 or more")
    return {WEIGHT: repr(number)}


def _number(given: Any) -> float | None:
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return None
    try:
        return float(given)
    except (ValueError, OverflowError):
        return None
