"""Cells as several processes share them: each is claimed before it is begun, in this run folder and beside it."""

import time
from dataclasses import dataclass, field

from harness.ledger import RunFolder
from harness.ledger.claims import Claims, claim_of_cell, one_at_a_time
from harness.ledger.neighbours import Neighbours
from harness.ledger.run import Kind
from harness.records import Cell

POLL = 0.3
"""Seconds between looks at cells that another process has claimed."""


@dataclass(slots=True)
class Sharing:
    """The claims of one process on the cells of a run that compute with so many `threads`."""

    run: RunFolder
    kind: Kind
    threads: int
    claims: Claims = field(init=False)
    neighbours: Neighbours = field(init=False)
    _refused: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.claims = Claims(self.run.folder)
        self.neighbours = Neighbours(self.run.folder)

    def take(self, cell: Cell) -> bool:
        """Claim a cell, unless another process has it: in this folder, or in one beside it, from which it is adopted.

        One that was refused is not asked for again before `POLL` seconds have passed.
        """
        now = time.monotonic()
        if now - self._refused.get(cell.id, -POLL) < POLL:
            return False
        with one_at_a_time(self.run.folder.parent):
            taken = not self._is_taken_beside(cell) and self.claims.take(self._name(cell))
        if not taken:
            self._refused[cell.id] = now
        return taken

    def holds(self, cell: Cell) -> bool:
        """Tell whether a cell that was claimed was not taken over meanwhile, while this process stood still."""
        return self.claims.holds(self._name(cell))

    def release(self, cell: Cell) -> None:
        """Let go of a cell."""
        self.claims.release(self._name(cell))

    def release_all(self) -> None:
        """Let go of every cell."""
        self.claims.release_all()

    def _name(self, cell: Cell) -> str:
        return claim_of_cell(cell.id, self.kind, self.threads)

    def _is_taken_beside(self, cell: Cell) -> bool:
        """Tell whether a run beside this one computes a cell of which this one has nothing yet."""
        if self.kind != "cells" or self.run.cell_folder(cell).exists():
            return False
        return self.neighbours.computing(self._name(cell))
