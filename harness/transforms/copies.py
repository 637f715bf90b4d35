"""What augmentations share: changed copies of a share of the rows, behind all rows, with the answers as they were."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from harness.errors import TaskError
from harness.sources.data import RENDERED, Row
from harness.spec.records import Transform
from harness.transforms._base import Losses, RowTransform, changed


class Copies(RowTransform):
    """Add a changed copy of the declared share of the rows, behind all rows.

    Rows that it cannot change are passed over. Copies of a smaller share are the first of a larger one's.
    """

    does: ClassVar[str]
    """What it does to texts, behind its name: ``rewords texts``."""
    verb: ClassVar[str]
    """The same of rows: ``reword``."""

    def apply(self, rows: Sequence[Row], declared: Transform, losses: Losses | None = None) -> list[Row]:
        """Return all rows, and behind them the copies. Raises `TaskError` where too few rows can be changed."""
        del losses
        if any(RENDERED in row for row in rows):
            raise TaskError(f"{self.name} {self.does}, and a chat template wrote these rows.")
        able = [place for place in self.order(len(rows), declared) if self.can(rows[place])]
        wanted = self.wanted(len(rows), declared)
        if len(able) < wanted:
            raise TaskError(
                f"{self.name} is to {self.verb} {wanted} of {len(rows)} rows, and {len(able)} {self.able()}. "
                "Lower its `share`."
            )
        generator = self.generator(declared, 1)
        return [*rows, *(self._copy(rows[place], place, generator) for place in able[:wanted])]

    def _copy(self, row: Row, place: int, generator: np.random.Generator) -> Row:
        prompt, how = self.reworded(row, generator)
        return changed(row, f"{self.name}: row {place + 1} {how}", prompt=prompt)

    @abstractmethod
    def can(self, row: Row) -> bool:
        """Tell whether a row can be changed."""

    @abstractmethod
    def able(self) -> str:
        """Say what rows that can be changed have, behind their number."""

    @abstractmethod
    def reworded(self, row: Row, generator: np.random.Generator) -> tuple[str, str]:
        """Return another prompt of a row that can be changed, and what was done, behind the row's number."""
