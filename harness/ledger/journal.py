"""The journal: what happened, in order, one JSON object a line, never rewritten.

Each process writes a file of its own and readers merge them: ``journal.jsonl`` is that of the process that came first,
``journal-<key>.jsonl`` those of processes that write while it is there. In a folder whose claims are by heartbeat
every process writes one of the latter: no lock says there who came first. A line is written whole, flushed, and fsynced
by itself or, where it says what other files hold already, with those after it: a power cut may take such lines, and
nothing else. One that a killed process left half written is skipped by readers and closed off by the next writer, so
that nothing recorded before or after it is lost.
"""

import contextlib
import heapq
import json
import os
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from harness.errors import LedgerError
from harness.ledger.claims import rhythm_of
from harness.ledger.files import sync

VERSION = 1

_own: dict[Path, tuple[int, FileLock | None, Path]] = {}
"""By journal: the process that writes, the lock by which it keeps others out of its file, and that file."""
_KEPT = 64
"""Journals that a process keeps others out of at once: each is an open file, and a notebook may make runs all day."""
_guard = threading.Lock()
GROUP = 64
"""Lines that are noted before the disk is asked to hold them."""
_noted: Counter[Path] = Counter()
"""By a file of this process: the lines that the disk may not hold yet."""


@dataclass(frozen=True, slots=True)
class Journal:
    """The journal whose first file is `path`; none need exist yet."""

    path: Path

    def append(self, event: str, **fields: Any) -> None:
        """Record one event with the time (seconds since the epoch). Fields must be JSON values; NaN is refused."""
        self._write(event, fields, at_once=True)

    def note(self, event: str, **fields: Any) -> None:
        """Record one event as `append` does; the disk holds it with the next that is appended, or after `hold`."""
        self._write(event, fields, at_once=False)

    def hold(self) -> None:
        """Have the disk hold what this process noted."""
        with _guard:
            process, _, file = _own.get(self.path.resolve(), (0, None, self.path))
            if process == os.getpid():
                _hold(file)

    def _write(self, event: str, fields: Mapping[str, Any], *, at_once: bool) -> None:
        line = json.dumps({"v": VERSION, "time": time.time(), "event": event, **fields}, allow_nan=False)
        with _guard:
            own = self._own_file()
            is_new = not own.exists()
            with own.open("ab+") as file:
                start = b"" if _ends_whole(file) else b"\n"
                file.write(start + line.encode() + b"\n")
                file.flush()
                _noted[own] += 1
                if at_once or _noted[own] >= GROUP:
                    os.fsync(file.fileno())
                    del _noted[own]
            if is_new:
                sync(own.parent)

    def events(self) -> list[Mapping[str, Any]]:
        """Return the events of all processes in order of time; each one's own order stays, whatever its clock did.

        A half-written line is left out. Raises `LedgerError` on a newer version.
        """
        merged = heapq.merge(*(list(_timed(file)) for file in self._files()), key=lambda each: each[0])
        events = [event for _, event in merged]
        newer = next((event for event in events if _version(event) > VERSION), None)
        if newer is not None:
            raise LedgerError(
                f"{self.path} was written by a newer harness (journal version {newer['v']}, this one reads "
                f"{VERSION}). Update harness, or choose another --out folder."
            )
        return events

    def _files(self) -> list[Path]:
        others = sorted(self.path.parent.glob(f"{self.path.stem}-*{self.path.suffix}"))
        return [each for each in (self.path, *others) if each.is_file()]

    def _own_file(self) -> Path:
        """Return the file that this process writes: the first, unless another process has that."""
        place = self.path.resolve()
        process, lock, file = _own.get(place, (0, None, self.path))
        if process == os.getpid() and file.exists():
            return file
        if lock is not None and process == os.getpid():
            lock.release()
        lock = self._lock_of_first()
        file = self.path
        if lock is None:
            file = self.path.with_name(f"{self.path.stem}-{secrets.token_hex(4)}{self.path.suffix}")
        _own.pop(place, None)
        _own[place] = os.getpid(), lock, file
        _let_go_of_the_oldest()
        return file

    def _lock_of_first(self) -> FileLock | None:
        """Return the lock of whoever writes the first file, None where that is, or may be, another process."""
        if rhythm_of(self.path.parent) is not None:
            return None
        lock = FileLock(self.path.with_suffix(".lock"), thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return None
        return lock


def _let_go_of_the_oldest() -> None:
    """Release what was written first where it is one too many; who writes there again takes what is free then."""
    while len(_own) > _KEPT:
        process, lock, file = _own.pop(next(iter(_own)))
        _hold(file)
        if lock is not None and process == os.getpid():
            lock.release()


def _hold(file: Path) -> None:
    """Have the disk hold what was noted in a file, if anything was and it is still there."""
    if _noted.pop(file, 0):
        with contextlib.suppress(FileNotFoundError):
            sync(file)


def _timed(file: Path) -> Iterator[tuple[float, Mapping[str, Any]]]:
    """Yield the events of one file with a time that never goes back."""
    latest = 0.0
    for line in file.read_bytes().split(b"\n"):
        event = _parse(line)
        if event is None:
            continue
        said = event.get("time")
        if isinstance(said, int | float):
            latest = max(latest, float(said))
        yield latest, event


def _version(event: Mapping[str, Any]) -> int:
    said = event.get("v", 0)
    return said if isinstance(said, int) else 0


def _ends_whole(file: Any) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return True
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) == b"\n")


def _parse(line: bytes) -> Mapping[str, Any] | None:
    with contextlib.suppress(ValueError, RecursionError):
        event = json.loads(line)
        return event if isinstance(event, dict) else None
    return None
