"""Cleaning without labels: the rows that the untuned base finds least likely are dropped."""

from collections.abc import Sequence

from harness.errors import TaskError
from harness.sources.data import Row
from harness.spec.records import Transform
from harness.transforms._base import Losses, RowTransform


class LeastConfident(RowTransform):
    """Drop the declared share of the rows, those whose completion costs the base most a token; of equals the later."""

    name = "least_confident"
    reads_losses = True

    def apply(self, rows: Sequence[Row], declared: Transform, losses: Losses | None = None) -> list[Row]:
        """Return the rows that are left, in their order. Raises ValueError without `losses`."""
        if losses is None:
            raise ValueError("which rows the base is least confident of takes their losses")
        costs = losses(rows)
        kept = self.left(len(rows), declared)
        if kept == 0:
            raise TaskError(f"least_confident drops all {len(rows)} rows. Lower its `share`.")
        order = sorted(range(len(rows)), key=lambda place: costs[place])
        return [rows[place] for place in sorted(order[:kept])]

    def left(self, total: int, declared: Transform) -> int:
        """Return how many of `total` rows are left."""
        return total - round(total * declared.share)
