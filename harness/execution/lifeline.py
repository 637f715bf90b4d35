"""A worker ends with whoever started it, however that ended: nobody would take what it computes."""

import contextlib
import ctypes
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator

_PR_SET_PDEATHSIG = 1
_LOOK = 0.5
"""Seconds between looks where the system does not tell."""


def end_with(parent: int) -> None:
    """Let this process be killed when the thread of `parent` that started it ends, in the middle of a step too.

    Linux does that itself. Elsewhere a thread looks whether the parent is still there.
    """
    if not _asked_of_linux():
        threading.Thread(target=_watch, args=(parent,), daemon=True, name="lifeline").start()
    if os.getppid() != parent:  # it ended before this was asked for
        os._exit(1)


@contextlib.contextmanager
def ended_with_input() -> Iterator[None]:
    """End this process within the block as soon as nobody holds the other end of its standard input."""
    closed = select.poll()
    closed.register(0, 0)  # a hang-up is told without being asked for

    def look(*_: object) -> None:
        if closed.poll(0):
            os._exit(1)

    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, _LOOK, _LOOK)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _asked_of_linux() -> bool:
    if sys.platform != "linux":
        return False
    try:
        return bool(ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0)
    except (OSError, AttributeError):  # another C library
        return False


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK)
    os._exit(1)
