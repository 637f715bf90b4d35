"""Whether a file is what it was: by its checksum, and without reading it where its times can be believed.

As in git's index, size, times and inode stand for content only where the file had been left alone for a while when its
checksum was taken: a change within the clock's granularity of the last one leaves the times as they were. A file whose
times lie in the future, as after a clock that went back, is read each time. The time of the last change of the inode
is compared too, which no program can set, so that a file put in place with the old one's times is noticed.
"""

import os
import stat
import time
from dataclasses import dataclass, replace
from pathlib import Path

from harness.paths import file_sha256

NOTE = ".checksums.json"
"""The file in which a folder of the cache says what states its files are in: written anew, and no input of anything."""

SETTLES = 2_000_000_000
"""Nanoseconds after which a change shows in the times of any file system (FAT counts in steps of two seconds)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileState:
    """A file by its path, bytes, nanoseconds of the last change of content and of inode, device and inode.

    `sha256` is its content's, None where that was not read or where there was no file; `believed` says that the rest
    stands for the content.
    """

    path: str
    size: int | None = None
    modified: int = 0
    changed: int = 0
    device: int = 0
    inode: int = 0
    sha256: str | None = None
    believed: bool = False

    @property
    def absent(self) -> bool:
        """Whether there was no such file."""
        return self.size is None

    def settled(self, now: int) -> bool:
        """Tell whether the file has been left alone for a while, at `now` in nanoseconds since the epoch."""
        return max(self.modified, self.changed) + SETTLES < now

    def with_checksum(self, sha256: str, now: int) -> "FileState":
        """Return the state with the checksum of what was read at `now`."""
        return replace(self, sha256=sha256, believed=self.settled(now))


def file_state(path: Path | str) -> FileState:
    """Return a file's state without reading it; links are followed. Raises `OSError` for what is not a regular file."""
    try:
        found = os.stat(path)  # noqa: PTH116 - thousands of these are asked for before a report
    except (FileNotFoundError, NotADirectoryError):
        return FileState(path=str(path))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(f"{path} is not a regular file")
    return FileState(
        path=str(path),
        size=found.st_size,
        modified=found.st_mtime_ns,
        changed=found.st_ctime_ns,
        device=found.st_dev,
        inode=found.st_ino,
    )


def checked(path: Path | str) -> FileState:
    """Return a file's state with its checksum. Raises `OSError` as reading does, and where it changes meanwhile."""
    before = file_state(path)
    if before.absent:
        return before
    now = time.time_ns()
    digest = file_sha256(Path(path))
    if file_state(path) != before:
        raise OSError(f"{path} changed while it was read")
    return before.with_checksum(digest, now)


_read: dict[str, FileState] = {}
"""Files that this process has read for their checksums, by path."""


def read_once(path: Path) -> FileState:
    """Return a file's state with its checksum, without reading it where this process has and its times are believed.

    What a command holds against its checksums more than once is read once. Raises as `checked`.
    """
    before = _read.get(str(path))
    state = (None if before is None else renewed(before)) or checked(path)
    _read[str(path)] = state
    return state


def renewed(known: FileState) -> FileState | None:
    """Return a known file's state as it is now, None where its content is not what it was.

    It is read only where its size, times and inode do not stand for the content, or differ.
    """
    try:
        now = file_state(known.path)
        if now.absent or known.absent:
            return known if now.absent and known.absent else None
        if known.believed and now == replace(known, sha256=None, believed=False):
            return known
        if now.size != known.size:
            return None
        found = checked(known.path)
    except OSError:
        return None
    return found if found.sha256 == known.sha256 else None
