"""A training that is asked to stop makes the step it is in, so that its checkpoint is at the step it stopped at."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Whether a signal has asked a training to stop, and which."""

    def __init__(self) -> None:
        self.by: int | None = None

    def __bool__(self) -> bool:
        """Tell whether the training is to stop."""
        return self.by is not None

    def note(self, number: int, _frame: object = None) -> None:
        """Take a signal. Further ones change nothing: who wants the process to end at once kills it."""
        self.by = self.by or number


@contextlib.contextmanager
def noted_signals() -> Iterator[Stop]:
    """Within the block only note `SIGNALS`; at its end do what the one that came does otherwise.

    Elsewhere than in the main thread nothing is changed: signals are not handled there.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {each: signal.signal(each, stop.note) for each in SIGNALS}
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        if stop.by is not None:
            os.kill(os.getpid(), stop.by)
