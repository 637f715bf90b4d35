"""Claims by locks of the operating system: let go of when the process that holds one ends, however that ends.

They mean the same in every container that sees the folder, which a process id does not. The files stay: one that is
removed while another process waits for it would be two locks of one name.
"""

from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

SUFFIX = ".lock"


@dataclass(frozen=True, slots=True)
class HeldLock:
    """A lock that this process holds."""

    lock: FileLock

    def still(self) -> bool:
        """Tell that it is held: nobody takes a lock from a process that lives."""
        return True

    def release(self) -> None:
        """Let go of it."""
        self.lock.release()


@dataclass(frozen=True, slots=True)
class FileLocks:
    """The locks in one folder, which need not exist."""

    folder: Path

    def take(self, name: str) -> HeldLock | None:
        """Take a lock if nobody holds it. Raises OSError as the disk does, NotImplementedError where it has none."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._path(name), thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return None
        return HeldLock(lock)

    def is_held(self, name: str) -> bool:
        """Tell whether anyone holds a lock; one that nobody ever took is not made for this."""
        if not self._path(name).exists():
            return False
        held = self.take(name)
        if held is not None:
            held.release()
        return held is None

    def lives(self, name: str) -> bool:
        """Tell the same: a lock ends with its holder."""
        return self.is_held(name)

    def names(self) -> list[str]:
        """Return the names that were ever taken."""
        return sorted(path.name.removesuffix(SUFFIX) for path in self.folder.glob(f"*{SUFFIX}"))

    def forget(self, name: str) -> None:
        """Remove the file of a name that nobody will take again."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{SUFFIX}"
