"""Runs cells: schedules them, passes records (never live objects), and alone writes the ledger."""

from harness.execution._base import Executor, Exit
from harness.execution.events import Event
from harness.execution.unit import CellWork, WorkUnit

__all__ = ["CellWork", "Event", "Executor", "Exit", "WorkUnit"]
