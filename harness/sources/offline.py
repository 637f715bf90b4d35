"""Doing without downloads, for what only looks at what is there."""

import contextlib
from collections.abc import Iterator

from harness.surroundings import with_variables

_SWITCHES = ("HARNESS_OFFLINE", "HF_HUB_OFFLINE")


@contextlib.contextmanager
def without_downloads() -> Iterator[None]:
    """Let this process, and those that it starts meanwhile, take nothing from a registry or hub.

    The hub's library reads its switch once, when it is imported: enter this before.
    """
    with with_variables(dict.fromkeys(_SWITCHES, "1")):
        yield
