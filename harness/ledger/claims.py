"""Claims: which process does what in a run folder, so that several share its work and none does a thing twice.

A claim is a lock of the operating system on a file below ``claims/``, or, where a marker there says so, one by
heartbeat: see `harness.ledger.file_locks` and `harness.ledger.heartbeat`. Whoever makes `Claims` of a folder gets what
the folder has.
"""

import contextlib
import math
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from harness.codec import DecodeError, decode, encode
from harness.ledger.file_locks import FileLocks
from harness.ledger.files import write_json
from harness.ledger.heartbeat import Heartbeats, Rhythm
from harness.paths import read_record

try:
    import fcntl
except ImportError:  # pragma: no cover - where folders cannot be locked, siblings may compute a cell twice
    fcntl = None  # type: ignore[assignment]

CLAIMS = "claims"
"""The folder of claims in a run folder."""

MARKER = "heartbeat.json"
"""The file below it by which claims are by heartbeat: a `Rhythm`, which all that work there keep."""

_POLL = 0.05
_LOST = 75
"""Exit code of a worker whose claim another process took over while it stood still: a temporary failure."""


class _Held(Protocol):
    """A claim that this process took."""

    def still(self) -> bool:
        """Tell whether it still holds it."""

    def release(self) -> None:
        """Let go of it."""


class _Way(Protocol):
    """A way to keep claims in a folder."""

    def take(self, name: str) -> _Held | None:
        """Take a claim if nobody holds it."""

    def is_held(self, name: str) -> bool:
        """Tell whether anyone may hold a claim."""

    def lives(self, name: str) -> bool:
        """Tell whether someone holds a claim, waiting for as long as that takes."""

    def names(self) -> list[str]:
        """Return the names that were ever taken."""

    def forget(self, name: str) -> None:
        """Remove what a name left that nobody will take again."""


class Claims:
    """The claims of this object in one run folder; another object's are another's, in the same process too.

    `on_lost` is called, in another thread, when a claim by heartbeat was taken over while this process stood still.
    """

    def __init__(self, folder: Path, *, on_lost: Callable[[], None] = lambda: None) -> None:
        self.folder = folder / CLAIMS
        rhythm = rhythm_of(folder)
        self._way: _Way = FileLocks(self.folder)
        if rhythm is not None:
            self._way = Heartbeats(self.folder, rhythm, on_lost=on_lost)
        self._held: dict[str, _Held] = {}

    def take(self, name: str) -> bool:
        """Take a claim if nobody else holds it, and tell whether it is held now. Raises OSError as the disk does."""
        if name in self._held:
            return True
        held = self._way.take(name)
        if held is None:
            return False
        self._held[name] = held
        return True

    def holds(self, name: str) -> bool:
        """Tell whether a claim is held here, and was not taken over meanwhile."""
        return name in self._held and self._held[name].still()

    def release(self, name: str) -> None:
        """Let go of a claim that is held; nothing happens where it is not."""
        held = self._held.pop(name, None)
        if held is not None:
            held.release()

    def release_all(self) -> None:
        """Let go of every claim that is held."""
        for name in tuple(self._held):
            self.release(name)

    def is_held(self, name: str) -> bool:
        """Tell whether anyone may hold a claim; by heartbeat, one is believed to until it was seen to stand still."""
        return name in self._held or self._way.is_held(name)

    def lives(self, name: str) -> bool:
        """Tell whether someone holds a claim; by heartbeat, this waits until it beats or has stood still."""
        return name in self._held or self._way.lives(name)

    def names(self) -> list[str]:
        """Return the names that were ever taken in the folder and not forgotten."""
        return self._way.names()

    def forget(self, name: str) -> None:
        """Let go of a claim whose name is used once, and remove what it left."""
        self.release(name)
        self._way.forget(name)

    @contextlib.contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Hold a claim for the block, waiting for whoever holds it."""
        while (held := self._way.take(name)) is None:
            time.sleep(_POLL)
        try:
            yield
        finally:
            held.release()


def rhythm_of(folder: Path) -> Rhythm | None:
    """Return in what rhythm claims in a run folder beat; None where they are locks of the operating system."""
    marker = folder / CLAIMS / MARKER
    if not marker.exists():
        return None
    with contextlib.suppress(OSError, ValueError, TypeError, RecursionError, DecodeError):
        said = decode(Rhythm, read_record(marker))
        if 0 < said.beat_seconds < said.bound_seconds < math.inf:
            return said
    return Rhythm()  # a marker that is damaged is a marker


def beat_from_now_on(folder: Path) -> None:
    """Have claims in a run folder be by heartbeat from now on, in which nobody may hold a lock just now."""
    if rhythm_of(folder) is None:
        write_json(folder / CLAIMS / MARKER, encode(Rhythm()))


def claim_of_cell(cell: str, kind: str, threads: int) -> str:
    """Return the name of the claim on a cell or trial; with another number of threads it is another computation."""
    return f"{kind}--{cell}--{threads}"


@contextlib.contextmanager
def working_in(cell_folder: Path) -> Iterator[None]:
    """Keep a worker alone in a cell's folder: one whose scheduler was killed may still be ending.

    A worker that another took over from while it stood still ends at once, before it writes anything more.
    """
    claims = Claims(cell_folder.parent.parent, on_lost=lambda: os._exit(_LOST))
    with claims.alone(f"{cell_folder.parent.name}--{cell_folder.name}--worker"):
        yield


@contextlib.contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Let one process at a time look at all run folders in `folder`, in which nothing is written for this.

    Where folders cannot be locked, as on some network disks, nobody waits.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        if fcntl is not None:
            with contextlib.suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
