"""Which values of a searched field are numbers, and whether there is a next one beyond them."""

from collections.abc import Sequence
from typing import Any


def is_number(value: Any) -> bool:
    """Tell whether a value of a field is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def has_next(tried: Sequence[Any]) -> bool:
    """Tell whether there is a next number beyond those that are tried: they are two or more, all above 0."""
    return len(set(tried)) > 1 and all(is_number(each) and each > 0 for each in tried)


def times(value: float, factor: float) -> float:
    """Return the product as a person writes it: whole for whole numbers, 0.00015 for 5e-05 × 3 and not 0.00015…01."""
    return round(value * factor) if isinstance(value, int) else float(f"{value * factor:.12g}")
