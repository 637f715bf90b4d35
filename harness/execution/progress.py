"""What a run tells whoever watches it."""

from typing import Protocol

from harness.execution.job import Message
from harness.ledger import Outcome
from harness.plan.cells import PlannedCell


class Watcher(Protocol):
    """Told what happens, in order, from the process that schedules. It must not raise."""

    def preparing(self, message: Message) -> None:
        """A stage of preparing the model and the data began."""

    def planned(self, cells: tuple[PlannedCell, ...], done: int) -> None:
        """The cells are known; `done` of them had ended before this start."""

    def cell(self, place: int, planned: PlannedCell) -> None:
        """The cell at `place` (0-based) begins."""

    def message(self, message: Message) -> None:
        """The running cell says how far it is."""

    def ended(self, outcome: Outcome) -> None:
        """The running cell has ended."""
