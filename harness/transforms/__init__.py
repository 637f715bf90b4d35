"""What a recipe may do to the training rows before it trains on them: a file a transform, behind one contract."""

from collections.abc import Mapping, Sequence

from harness.sources.data import Row
from harness.spec.records import Transform
from harness.transforms._base import RowTransform
from harness.transforms.fraction import Fraction

__all__ = ["ALL", "RowTransform", "transformed"]

ALL: Sequence[RowTransform] = (Fraction(),)
"""Every transform, in the order in which those that a recipe declares are applied."""


def transformed(rows: Sequence[Row], declared: Mapping[str, Transform]) -> list[Row]:
    """Return the rows as the declared transforms leave them, each applied to what the one before it left.

    Raises `TaskError` where the rows do not allow one.
    """
    for each in ALL:
        if each.name in declared:
            rows = each.apply(rows, declared[each.name])
    return list(rows)
