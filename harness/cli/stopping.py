"""What stops a command: one signal ends it in order, with the workers that it started, a second one at once."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def in_order() -> Iterator[None]:
    """Within the block let the first of `SIGNALS` be a `KeyboardInterrupt` of its number, and any later one final.

    Workers end with their parent, so that a second signal leaves none behind either. Elsewhere than in the main thread
    nothing is changed: signals are not handled there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.signal(each, _first) for each in SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def exit_code(stop: KeyboardInterrupt) -> int:
    """Return 130 for SIGINT, 143 for SIGTERM, as shells say it."""
    number = stop.args[0] if stop.args else signal.SIGINT
    return 128 + int(number)


def _first(number: int, _frame: object) -> NoReturn:
    for each in SIGNALS:
        signal.signal(each, _second)
    raise KeyboardInterrupt(number)


def _second(number: int, _frame: object) -> NoReturn:
    os._exit(128 + number)
