"""The journal: what happened, in order, one JSON object a line, never rewritten.

Several processes may read while one writes. A line is written whole, flushed and fsynced under a lock; a line
that a killed process left half written is skipped by readers and closed off by the next writer, so that nothing
recorded before or after it is lost.
"""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from harness.errors import LedgerError

VERSION = 1


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal in one file; the file need not exist yet."""

    path: Path

    def append(self, event: str, **fields: Any) -> None:
        """Record one event with the time (seconds since the epoch). Fields must be JSON values; NaN is refused."""
        line = json.dumps({"v": VERSION, "time": time.time(), "event": event, **fields}, allow_nan=False)
        with FileLock(self.path.with_suffix(".lock")), self.path.open("ab+") as file:
            start = b"" if _ends_whole(file) else b"\n"
            file.write(start + line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def events(self) -> list[Mapping[str, Any]]:
        """Return the events in order; a half-written line is left out. Raises `LedgerError` on a newer version."""
        if not self.path.exists():
            return []
        read = [_parse(line) for line in self.path.read_bytes().split(b"\n")]
        events = [event for event in read if event is not None]
        newer = next((event for event in events if event.get("v", 0) > VERSION), None)
        if newer is not None:
            raise LedgerError(
                f"{self.path} was written by a newer harness (journal version {newer['v']}, this one reads "
                f"{VERSION}). Update harness, or choose another --out folder."
            )
        return events


def _ends_whole(file: Any) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return True
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) == b"\n")


def _parse(line: bytes) -> Mapping[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None
