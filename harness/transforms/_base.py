"""The contract of a row transform, and how rows are drawn by one."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from harness.sources.data import Row
from harness.spec.records import Transform


class RowTransform(ABC):
    """What a recipe may do to the rows that train it, by a `name` under which it stands in the recipe's `data`.

    Ownership: it keeps nothing between two calls and leaves the rows that it is given as they are. Determinism: the
    same rows and the same declaration give the same rows in the same order; what is drawn is drawn with the declared
    seed. What it leaves of a row's keys stays; of rows that it leaves alone every key does.

    Raises `TaskError` where the rows do not allow it, with their number and what to do.
    """

    name: ClassVar[str]

    @abstractmethod
    def apply(self, rows: Sequence[Row], declared: Transform) -> list[Row]:
        """Return the rows as they train."""

    def drawn(self, total: int, declared: Transform) -> list[int]:
        """Return the places of the declared share of `total` rows, one at least, in the order of their drawing.

        The same seed draws nested shares: a smaller one is the beginning of a larger. Transforms draw by their own
        names, so that two with one seed take different rows.
        """
        order = np.random.default_rng([declared.seed, *self.name.encode()]).permutation(total)
        return [int(place) for place in order[: max(1, round(total * declared.share))]]
