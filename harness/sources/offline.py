"""Forbidding downloads, for what only looks at what is there."""

import os

_SWITCHES = ("HARNESS_OFFLINE", "HF_HUB_OFFLINE")


def forbid_downloads() -> None:
    """Let this process, and those that it starts, take nothing from a registry or hub.

    The hub's library reads its switch once, when it is imported: call this before.
    """
    for name in _SWITCHES:
        os.environ[name] = "1"
