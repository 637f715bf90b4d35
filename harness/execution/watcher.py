"""What a run tells whoever watches it."""

from collections.abc import Sequence
from typing import Protocol

from harness.execution.events import Body
from harness.ledger import Outcome
from harness.ledger.damage import Damage
from harness.ledger.run import Kind
from harness.plan.cells import PlannedCell
from harness.verdict.records import Looks


class Watcher(Protocol):
    """Told what happens, in order, from the process that schedules. It must not raise."""

    def preparing(self, message: Body) -> None:
        """Take a stage of preparing the model and the data."""

    def mended(self, removed: Sequence[Damage]) -> None:
        """Take what was damaged and is made again."""

    def planned(self, kind: Kind, cells: Sequence[PlannedCell], done: Sequence[Outcome]) -> None:
        """Take the trials or cells that are next, and how those that had ended before ended."""

    def cell(self, place: int, planned: PlannedCell) -> None:
        """Take the cell that begins, at `place` (0-based)."""

    def message(self, cell: str, message: Body) -> None:
        """Take how far a running cell is, which its id names."""

    def ended(self, outcome: Outcome) -> None:
        """Take how a running cell ended."""

    def looked(self, looks: Looks) -> None:
        """Take what the look found that the run has come to."""


class Unwatched:
    """Takes everything and shows nothing."""

    def preparing(self, message: Body) -> None:
        """Show nothing."""

    def mended(self, removed: Sequence[Damage]) -> None:
        """Show nothing."""

    def planned(self, kind: Kind, cells: Sequence[PlannedCell], done: Sequence[Outcome]) -> None:
        """Show nothing."""

    def cell(self, place: int, planned: PlannedCell) -> None:
        """Show nothing."""

    def message(self, cell: str, message: Body) -> None:
        """Show nothing."""

    def ended(self, outcome: Outcome) -> None:
        """Show nothing."""

    def looked(self, looks: Looks) -> None:
        """Show nothing."""
