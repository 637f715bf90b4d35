"""Whether a folder lies on a network file system, where the system tells: locks there may not hold between machines."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TABLE = Path("/proc/self/mountinfo")
"""Linux's; elsewhere nothing is told."""

_NETWORK = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "gpfs", "beegfs", "orangefs"),
        *("glusterfs", "ocfs2", "gfs2", "virtiofs", "panfs", "wekafs"),
    }
)
_NETWORK_FUSE = (
    "sshfs",
    "s3fs",
    "gcsfuse",
    "glusterfs",
    "ceph",
    "juicefs",
    "rclone",
    "mountpoint",
    "blobfuse",
    "goofys",
)
"""Programs that bring a network file system by FUSE, as ``fuse.sshfs``."""

_OF_THIS_MACHINE = frozenset({"nolock", "nobrl", "local_lock=all", "local_lock=flock", "localflock", "noflock"})
"""Options by which locks hold on one machine only."""


@dataclass(frozen=True, slots=True)
class Mount:
    """Where a file system is mounted, its type, and its options."""

    place: Path
    kind: str
    options: frozenset[str]

    @property
    def is_network(self) -> bool:
        """Whether other machines may have the same files."""
        name = self.kind.removeprefix("fuse.")
        return self.kind in _NETWORK or (name != self.kind and name.startswith(_NETWORK_FUSE))

    def __str__(self) -> str:
        """``nfs4, local_lock=all``: the type, and the options by which its locks are this machine's alone."""
        return ", ".join([self.kind, *sorted(self.options & _OF_THIS_MACHINE)])


def network_mount(folder: Path, table: Path | None = None) -> Mount | None:
    """Return the network file system that a folder lies on, or is to be; None for a disk, or where none is told."""
    place = Path(os.path.realpath(folder))
    found = [each for each in _mounts(table or _TABLE) if place.is_relative_to(each.place)]
    # Of several at one place the last is mounted over the others.
    nearest = max(enumerate(found), key=lambda each: (len(each[1].place.parts), each[0]), default=(0, None))[1]
    return nearest if nearest is not None and nearest.is_network else None


def _mounts(table: Path) -> Iterator[Mount]:
    text = ""
    with contextlib.suppress(OSError):
        text = table.read_text(encoding="utf-8", errors="replace")
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        fields, others = before.split(" "), after.split(" ")
        if len(fields) > 5 and len(others) > 2:  # noqa: PLR2004 - proc(5): place 4, options 5; type 0, options 2
            options = frozenset([*fields[5].split(","), *others[2].split(",")])
            yield Mount(Path(_unescaped(fields[4])), others[0], options)


def _unescaped(place: str) -> str:
    """Return a place as it is: the system writes blanks and backslashes as octal numbers."""
    for code, letter in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        place = place.replace(code, letter)
    return place


def advice(folder: Path, *, by_heartbeat: bool) -> str | None:
    """Return what to know of claims in a run folder on a network file system; None where there is nothing to say."""
    mount = network_mount(folder)
    if mount is None or by_heartbeat:
        return None
    return (
        f"{folder} lies on a network file system ({mount}), where a lock may hold on one machine only: before several "
        "machines work in it, set execute.shared_folder to true (a run of one machine needs nothing)."
    )
