"""The contract of a row transform, how rows are drawn by one, and where a changed row came from."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import numpy as np

from harness.sources.data import Row
from harness.spec.records import Transform

ORIGIN = "origin"
"""The key of a row that a transform changed: what was done to it, ``noise: the answer of row 17``."""

Losses = Callable[[Sequence[Row]], Sequence[float]]
"""What rows cost under the untuned base, each in nats a completion token."""


class RowTransform(ABC):
    """What a recipe may do to the rows that train it, by a `name` under which it stands in the recipe's `data`.

    Ownership: it keeps nothing between two calls and leaves the rows that it is given as they are. Determinism: the
    same rows and the same declaration give the same rows in the same order; what is drawn is drawn with the declared
    seed. What it does not change of a row stays, and of rows that it leaves alone every key does; a row whose texts it
    changes says so in its `ORIGIN`, one that it drops is gone.

    Where `reads_losses` is true it is told the rows' `losses` under the base, which takes a loaded model: it comes
    after all others that are declared, and its name and share stand in a cell's identity in the place of the rows.

    Raises `TaskError` where the rows do not allow it, with their number and what to do.
    """

    name: ClassVar[str]
    reads_losses: ClassVar[bool] = False

    @abstractmethod
    def apply(self, rows: Sequence[Row], declared: Transform, losses: Losses | None = None) -> list[Row]:
        """Return the rows as they train."""

    def left(self, total: int, declared: Transform) -> int:
        """Return how many of `total` rows one that reads losses will leave, which is told before they are known."""
        del declared
        return total

    def drawn(self, total: int, declared: Transform) -> list[int]:
        """Return the places of the declared share of `total` rows, one at least, in the order of their drawing.

        The same seed draws nested shares: a smaller one is the beginning of a larger. Transforms draw by their own
        names, so that two with one seed take different rows.
        """
        return self.order(total, declared)[: self.wanted(total, declared)]

    def order(self, total: int, declared: Transform) -> list[int]:
        """Return the places of all rows in the order of their drawing."""
        return [int(place) for place in self.generator(declared).permutation(total)]

    def wanted(self, total: int, declared: Transform) -> int:
        """Return how many rows the declared share of `total` is, one at least."""
        return max(1, round(total * declared.share))

    def generator(self, declared: Transform, *beside: int) -> np.random.Generator:
        """Return what draws for this transform and its seed; `beside` tells further draws from the first."""
        return np.random.default_rng([declared.seed, *beside, *self.name.encode()])


def changed(row: Row, what: str, **texts: str) -> dict[str, str]:
    """Return a row with other texts, and `what` was done behind what its `ORIGIN` says already."""
    before = f"{row[ORIGIN]}; " if ORIGIN in row else ""
    return {**row, **texts, ORIGIN: f"{before}{what}"}


def origins(rows: Sequence[Row]) -> Mapping[str, int]:
    """Return how many rows each transform changed, by its name."""
    counts: dict[str, int] = {}
    for row in rows:
        for name in dict.fromkeys(part.partition(":")[0] for part in row.get(ORIGIN, "").split("; ") if part):
            counts[name] = counts.get(name, 0) + 1
    return counts
