"""Order and draws from hashes alone, so that every machine builds the same bytes under any hash seed."""

import hashlib
from collections.abc import Iterable


def number(*key: str) -> int:
    """Return a 64-bit number that depends on `key` and nothing else."""
    digest = hashlib.sha256("\x1f".join(key).encode()).digest()
    return int.from_bytes(digest[:8], "big")


def share(*key: str) -> float:
    """Return a number in [0, 1) that depends on `key` and nothing else."""
    return number(*key) / 2**64


def order(values: Iterable[str], *salt: str) -> list[str]:
    """Return `values` in an order that depends on them and `salt` alone."""
    return sorted(values, key=lambda value: (number(*salt, value), value))
