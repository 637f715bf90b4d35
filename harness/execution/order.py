"""Cells that are still to run, in their order: each is taken once all that must end before it has ended.

A cell that waits for another is not looked at before that one has ended, so that taking all of them is linear.
"""

import heapq
from collections.abc import Callable, Iterable

from harness.plan.cells import PlannedCell


class Order:
    """The cells of one start that have not ended, those that run here among them.

    `before` names the cells that must have ended before one can start; those that are not among these have.
    """

    def __init__(self, cells: Iterable[PlannedCell], before: Callable[[PlannedCell], Iterable[str]]) -> None:
        listed = list(enumerate(cells))
        self._before = before
        self._unfinished = {planned.cell.id: planned for _, planned in listed}
        self._compared = sum(planned.is_adapted for planned in self._unfinished.values())
        self._places = {planned.cell.id: place for place, planned in listed}
        self._ready: list[tuple[int, str]] = []
        self._blocked: dict[str, list[tuple[int, str]]] = {}
        for place, planned in listed:
            self._add(place, planned.cell.id)

    def __bool__(self) -> bool:
        """Whether anything has not ended yet."""
        return bool(self._unfinished)

    @property
    def compares(self) -> bool:
        """Whether a cell that is compared with the base has not ended yet."""
        return self._compared > 0

    def next(self, take: Callable[[PlannedCell], bool]) -> PlannedCell | None:
        """Return the first cell that can start and that `take` takes, None where there is none.

        Those that it refuses are in another process's hands, and are asked for again the next time.
        """
        refused: list[tuple[int, str]] = []
        found = None
        while self._ready and found is None:
            first = heapq.heappop(self._ready)
            planned = self._unfinished.get(first[1])
            if planned is None:
                continue  # it was listed twice
            if take(planned):
                found = planned
            else:
                refused.append(first)
        for each in refused:
            heapq.heappush(self._ready, each)
        return found

    def done(self, cell: str) -> None:
        """Note that a cell that was taken has ended: what waited for it can start."""
        planned = self._unfinished.pop(cell)
        self._compared -= planned.is_adapted
        for place, waiting in self._blocked.pop(cell, ()):
            self._add(place, waiting)

    def put_back(self, cell: str) -> None:
        """Note that a cell that was taken has not ended, and is in another process's hands."""
        heapq.heappush(self._ready, (self._places[cell], cell))

    def _add(self, place: int, cell: str) -> None:
        unfinished = (each for each in self._before(self._unfinished[cell]) if each in self._unfinished)
        first = next(unfinished, None)
        if first is None:
            heapq.heappush(self._ready, (place, cell))
        else:
            self._blocked.setdefault(first, []).append((place, cell))
