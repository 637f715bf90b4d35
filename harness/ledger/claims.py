"""Claims: which process does what in a run folder, so that several share its work and none does a thing twice.

A claim is a lock of the operating system on a file below ``claims/``. It is let go of when the process that holds it
ends, however that ends, and it means the same in every container that sees the folder, which a process id does not.
The files stay: one that is removed while another process waits for it would be two locks of one name.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

try:
    import fcntl
except ImportError:  # pragma: no cover - where folders cannot be locked, siblings may compute a cell twice
    fcntl = None  # type: ignore[assignment]

CLAIMS = "claims"
"""The folder of claims in a run folder."""


class Claims:
    """The claims of this object in one run folder; another object's are another's, in the same process too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / CLAIMS
        self._held: dict[str, FileLock] = {}

    def take(self, name: str) -> bool:
        """Take a claim if nobody else holds it, and tell whether it is held now. Raises OSError as the disk does."""
        if name in self._held:
            return True
        lock = self._lock(name)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        self._held[name] = lock
        return True

    def release(self, name: str) -> None:
        """Let go of a claim that is held; nothing happens where it is not."""
        lock = self._held.pop(name, None)
        if lock is not None:
            lock.release()

    def release_all(self) -> None:
        """Let go of every claim that is held."""
        for name in tuple(self._held):
            self.release(name)

    def is_held(self, name: str) -> bool:
        """Tell whether anyone holds a claim; one that nobody ever took is not made for this."""
        if name in self._held:
            return True
        if not self._path(name).exists():
            return False
        if not self.take(name):
            return True
        self.release(name)
        return False

    @contextlib.contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Hold a claim for the block, waiting for whoever holds it."""
        with self._lock(name):
            yield

    def _lock(self, name: str) -> FileLock:
        self.folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self._path(name), thread_local=False)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.lock"


def claim_of_cell(cell: str, kind: str, threads: int) -> str:
    """Return the name of the claim on a cell or trial; with another number of threads it is another computation."""
    return f"{kind}--{cell}--{threads}"


@contextlib.contextmanager
def working_in(cell_folder: Path) -> Iterator[None]:
    """Keep a worker alone in a cell's folder: one whose scheduler was killed may still be ending."""
    claims = Claims(cell_folder.parent.parent)
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
