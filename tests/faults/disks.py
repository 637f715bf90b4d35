"""Disks without room: for so many KiB, for so many files, for files of so many bytes; and the same command with room.

A run that finds no room ends with exit code 74, says which kind of room there was none of, and records no cell as
failed. The same command then goes on to the verdict of a run that nothing disturbed. To mount a disk of a size takes a
user who may (root); a file's largest size is anybody's to limit.
"""

import contextlib
import random
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from faults.grid import NAME, RUN, Grid, Told, losses, ran, uncaught
from harness.ledger import RunFolder
from helpers.commands import Ended, ended, start

SAYS = {"kib": "free some space", "files": "free some space", "bytes of a file": "ulimit -f"}
"""What a command says is to be done, by what there was no room for."""
ROOMY = "64m"
PAGE = 4
"""KiB by which a disk of memory grows."""


@dataclass(frozen=True)
class Room:
    """The room that a run's disk has: KiB, files and folders, or bytes that a file may have."""

    room: int
    of: Literal["kib", "files", "bytes of a file"]


class Lacking(Protocol):
    """What says of what there is no room."""

    @property
    def of(self) -> str:
        """One of SAYS."""


def rooms(grid: Grid, count: int | None = None, seed: int = 0) -> list[Room]:
    """Return every size that lets a run write a page, a file or a file's size more than the last; or some, drawn."""
    found = up_to([each for each in (grid.folder / RUN).rglob("*") if not each.name.startswith("command-")])
    return found if count is None else random.Random(seed).sample(found, min(count, len(found)))


def up_to(written: Sequence[Path]) -> list[Room]:
    """Return every size up to what was written and some more, which copies that are gone when all is done took."""
    files = [each for each in written if each.is_file()]
    pages = sum(-(-each.stat().st_size // (PAGE << 10)) for each in files)
    return [
        *(Room(PAGE * each, "kib") for each in range(1, pages + 8)),
        *(Room(each, "files") for each in range(2, len(written) + 8)),
        *(Room(each, "bytes of a file") for each in sorted({file.stat().st_size for file in files})),
    ]


@contextlib.contextmanager
def disk(place: Path, room: Room) -> Iterator[Path]:
    """Mount a disk that has the room for the block. Raises OSError where this may not be done, as by most users."""
    place.mkdir(parents=True)
    size = f"size={room.room}k" if room.of == "kib" else f"size={ROOMY},nr_inodes={room.room}"
    _called("mount", "-t", "tmpfs", "-o", size, "faults", str(place))
    try:
        yield place
    finally:
        _called("umount", "-l", str(place))  # workers of this process may have its log open
        shutil.rmtree(place)


def can_mount(place: Path) -> bool:
    """Tell whether `disk` works here."""
    try:
        with disk(place, Room(64, "kib")):
            return True
    except (OSError, subprocess.SubprocessError):
        return False


def tried(grid: Grid, room: Room, folder: Path) -> Told:
    """Run the grid's command where there is no more room, make some, and run it again."""
    if room.of == "bytes of a file":
        folder.mkdir(parents=True)
        return told(grid, room, folder / RUN, *_limited(grid, room, folder))
    with disk(folder, room) as place:
        run = place / NAME
        refused = ran(grid, run)
        failed = failures(run)
        make_room(place)
        return told(grid, room, run, refused, failed, ran(grid, run))


def make_room(place: Path) -> None:
    """Make room on a disk that is mounted."""
    _called("mount", "-o", f"remount,size={ROOMY},nr_inodes=100000", str(place))


def _limited(grid: Grid, room: Room, folder: Path) -> tuple[tuple[int, str], int, tuple[int, str]]:
    refused = ended(start(grid.spec, folder, file_size=room.room))
    return within(room.room, refused), failures(folder / RUN), ran(grid, folder / RUN)


def within(size: int | None, said: Ended) -> tuple[int, str]:
    """Return a command's exit code and what it said, into files that may be limited too and have cut it off there."""
    cut = SAYS["bytes of a file"] if size is not None and len(said.err.encode()) == size else ""
    return said.code, said.out + said.err + cut


def failures(run: Path) -> int:
    """Count the cells that a run has recorded as failed."""
    return len(RunFolder(run).failures) if (run / "spec.lock.json").exists() else 0


def told(grid: Grid, room: Lacking, run: Path, first: tuple[int, str], failed: int, again: tuple[int, str]) -> Told:
    """Say what came of a command without room, after which so many cells were recorded as failed, and of it again."""
    (code, printed), (code_again, printed_again) = first, again
    if uncaught(printed + printed_again):
        return Told(room, "traceback", printed + printed_again)
    if code != 0 and (code != 74 or SAYS[room.of] not in printed or failed):
        return Told(room, "unnamed", f"exit code {code}, {failed} cells recorded as failed\n{printed}")
    found = losses(grid, run) if code_again == 0 else [f"exit code {code_again} with room: {printed_again}"]
    return Told(room, "lost" if found else "named" if code else "right", "\n".join(found))


def _called(*words: str) -> None:
    if shutil.which(words[0]) is None:
        raise FileNotFoundError(words[0])
    subprocess.run(words, check=True, capture_output=True)
