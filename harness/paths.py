"""Where harness keeps what it can make again."""

import os
from pathlib import Path

import platformdirs


def cache_root() -> Path:
    """Return ``$HARNESS_CACHE`` or the platform's cache folder for harness."""
    declared = os.environ.get("HARNESS_CACHE")
    return Path(declared).expanduser() if declared else Path(platformdirs.user_cache_dir("harness"))
