"""Fewer rows: a share of them, of which a smaller one is a part of a larger one."""

from collections.abc import Sequence

from harness.sources.data import Row
from harness.spec.records import Transform
from harness.transforms._base import Losses, RowTransform


class Fraction(RowTransform):
    """Keep the declared share of the rows, in their order."""

    name = "fraction"

    def apply(self, rows: Sequence[Row], declared: Transform, losses: Losses | None = None) -> list[Row]:
        """Return the rows that are kept."""
        del losses
        return [rows[place] for place in sorted(self.drawn(len(rows), declared))]
