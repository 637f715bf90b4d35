"""What was found and settled before the first cell."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from harness.records.values import GIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What the contamination check compared: training rows with the items of each suite that is scored.

    A single hit stops an experiment before anything is trained, so `hits` is 0 in whatever was. `exempt` names
    the suites that ask for trained facts by design.
    """

    rows: int
    items: Mapping[str, int]
    exempt: tuple[str, ...] = ()
    hits: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What a device holds of a training batch: `rows_at_once` rows at a time, the same for all recipes; None is all.

    `way` is ``measured`` by steps of the largest recipe, ``estimated`` as a plan does, or ``declared``: nothing was
    settled, and batches are read whole. `recipe` is the largest, `rows` those of its declared batch, `taken` the bytes
    that it takes with the rows that were settled, and `room` those that the device has; None where that is not known.
    """

    way: Literal["declared", "estimated", "measured"] = "declared"
    rows_at_once: int | None = None
    recipe: str | None = None
    rows: int | None = None
    taken: int | None = None
    room: int | None = None

    def __str__(self) -> str:
        """Return it in words, for a report and a log."""
        if self.rows_at_once is None:
            return "training batches are read whole"
        room = "" if self.room is None else f" of {self.room / GIB:.1f} GiB"
        rows = f"{self.rows_at_once} row{'s' * (self.rows_at_once > 1)}"
        return (
            f"training batches are read {rows} at a time, in every cell: the memory{room} does not "
            f"hold {self.rows} of {self.recipe} ({self.way}); gradients are the same up to rounding"
        )
