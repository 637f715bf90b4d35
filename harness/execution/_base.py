"""The contract of an executor: how units of work reach a machine and what comes back.

An executor is opened for one run, as a context manager, by the scheduling process. It is called from one thread unless
it says with `workers` that it runs several units at once: then each is submitted from a thread of its own. It owns
the processes that it starts and nothing else: run folders, results and the journal are the scheduler's. It carries
records only, as JSON: no object and no function crosses over. A unit's `after` edges are kept by whoever submits.

The process of a unit runs `worker_command` with the path of a file that `write_unit` wrote, in a folder of the
executor's own, and tells its events on standard output, one JSON line each, which `Event.parse` reads. The executor
gives it the one device that the unit names, as `worker_environment` does on this machine. What the process writes to
its standard error before it has read the unit belongs into the log too.

Third parties register a class under the entry-point group ``harness.executors``; a spec names it in ``execute.kind``
and its options are handed to the constructor as keyword arguments, after the path of the run's log, which is there.
"""

import signal
from abc import ABC, abstractmethod
from collections.abc import Generator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from harness.errors import FailureKind
from harness.execution.events import Event
from harness.execution.unit import WorkUnit


@dataclass(frozen=True, slots=True)
class Exit:
    """How the process of a unit ended: its exit code, negative for a signal; `said` is an executor's word for it."""

    unit: str
    code: int
    said: str = ""

    def __str__(self) -> str:
        """Say it in words."""
        if self.said:
            return self.said
        if self.code < 0:
            name = signal.Signals(-self.code).name
            if self.kind == "crash":
                return f"the worker process crashed ({name}) in compiled code; the log holds the stack of Python"
            hint = "; the system kills the largest process when memory runs out" if name == "SIGKILL" else ""
            return f"the worker process was killed by {name}{hint}"
        return f"the worker process ended with exit code {self.code} and left no result"

    @property
    def kind(self) -> FailureKind:
        """The kind of failure that this is without a result: the interpreter crashed, or somebody ended the process."""
        return "crash" if self.code < 0 and -self.code in _CRASHES else "killed"


_CRASHES = frozenset({signal.SIGSEGV, signal.SIGABRT, signal.SIGILL, signal.SIGFPE, signal.SIGBUS})
"""Signals that a process gets for what its own compiled code did."""


class Executor(ABC):
    """Runs units of work, each in a process of its own; see the module for who owns what.

    `workers` is how many it can run at once. One that `places_units` itself, on machines that have what each needs, is
    not held to the accelerators and the memory of the one machine on which the run was prepared.
    """

    workers: int = 1
    places_units: bool = False

    @abstractmethod
    def submit(self, unit: WorkUnit) -> Generator[Event | Exit]:
        """Start the unit and yield its events as they come; the last thing yielded is an `Exit`.

        A process that dies is no exception: it shows in the `Exit`. Closing the iterator, or an exception thrown into
        it, ends the process. Raises `HarnessError` where the unit cannot be started at all.
        """

    def interrupt(self) -> None:  # noqa: B027 - where units run one after another, closing the iterator ends one
        """End every unit that is running, from another thread than theirs; each then tells its `Exit`."""

    def close(self) -> None:  # noqa: B027 - an executor may hold nothing
        """End whatever is still running and let go of it."""

    def __enter__(self) -> Self:
        """Return the executor."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()
