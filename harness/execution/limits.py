"""A cell's limits of memory and time, held by a thread of its own process: past one the cell ends as a failure.

The resident size is watched and no address space is limited: CUDA and memory-mapped weights reserve far more than they
use. A step that holds Python's lock is looked at when it lets go.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil

from harness.errors import FailureKind

LOOK = 0.5
"""Seconds between looks."""

Passed = tuple[FailureKind, str]
"""The kind of failure that passing a limit is, and what is said of it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`memory` in bytes of resident size, the imported libraries among them, `minutes` of wall-clock time."""

    memory: int | None = None
    minutes: float | None = None

    def passed(self, seconds: float) -> Passed | None:
        """Return which limit this process has passed after so many seconds, None where none."""
        if self.minutes is not None and seconds > 60 * self.minutes:
            return "time_limit", f"it took more than the {self.minutes:g} minutes of execute.time_limit_minutes."
        used = 0 if self.memory is None else psutil.Process().memory_info().rss
        if self.memory is not None and used > self.memory:
            said = f"it held {used / 2**30:.2f} GiB, more than the {self.memory / 2**30:.2f} GiB of "
            return "memory_limit", f"{said}execute.memory_limit_bytes."
        return None


@contextlib.contextmanager
def watched(limits: Limits, end: Callable[[Passed], None]) -> Iterator[None]:
    """Call `end`, in a thread of its own and at most once, when this process passes a limit within the block."""
    if limits == Limits():
        yield
        return
    over, start = threading.Event(), time.monotonic()

    def look() -> None:
        # The first look is at once: a cell that is over its limit from the start may last less than a pause.
        while not over.is_set():
            passed = limits.passed(time.monotonic() - start)
            if passed is not None:
                end(passed)
                return
            over.wait(LOOK)

    threading.Thread(target=look, daemon=True, name="limits").start()
    try:
        yield
    finally:
        over.set()
