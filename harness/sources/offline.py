"""Doing without downloads, for what only looks at what is there."""

import contextlib
import os
from collections.abc import Iterator

_SWITCHES = ("HARNESS_OFFLINE", "HF_HUB_OFFLINE")


@contextlib.contextmanager
def without_downloads() -> Iterator[None]:
    """Let this process, and those that it starts meanwhile, take nothing from a registry or hub.

    The hub's library reads its switch once, when it is imported: enter this before.
    """
    before = {name: os.environ.get(name) for name in _SWITCHES}
    os.environ.update(dict.fromkeys(_SWITCHES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
