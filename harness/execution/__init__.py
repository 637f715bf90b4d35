"""Runs cells: schedules them, passes records (never live objects), and alone writes the ledger."""

from harness.execution._base import Executor, Exit
from harness.execution.events import Event
from harness.execution.program import worker_command, worker_environment
from harness.execution.unit import CellWork, WorkUnit, write_unit

__all__ = [
    "CellWork",
    "Event",
    "Executor",
    "Exit",
    "WorkUnit",
    "worker_command",
    "worker_environment",
    "write_unit",
]
