"""What a command and its processes write, as the system's calls say it: Python's own, and those of every library.

`strace` follows them. It costs little, since only calls with a file's name are looked at.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

NO_FILES = (Path("/dev/null"), Path("/dev/shm"), Path("/proc/self"))
"""Semaphores of several processes are named in the second and gone with them."""
_STRACE = ("strace", "-f", "-qq", "--seccomp-bpf")
_CALL = re.compile(r"^\d+ +(\w+)\((.*)")
_PATH = re.compile(r'(?:AT_FDCWD<([^>]*)>|\d+<([^>]*)>)?(?:, )?"((?:[^"\\]|\\.)*)"')
_WRITING = ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC")
_READ_ONLY = {
    *("access", "faccessat", "faccessat2", "execve", "execveat", "stat", "lstat", "newfstatat", "statx", "statfs"),
    *("readlink", "readlinkat", "getcwd", "chdir", "getxattr", "lgetxattr", "listxattr", "inotify_add_watch"),
}


def watched(notes: Path) -> Sequence[str]:
    """Return the words that start a command so that what it asks of files is noted."""
    return [*_STRACE, "-y", "-z", "-s", "4096", "-e", "trace=%file", "-o", str(notes)]


def can_watch() -> bool:
    """Tell whether commands can be followed here."""
    if shutil.which("strace") is None:
        return False
    done = subprocess.run([*_STRACE, "-o", os.devnull, "true"], check=False, capture_output=True)
    return done.returncode == 0


def written(notes: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield each call by which something was written, and where; relative names are taken from the folder."""
    for line in notes.read_text(encoding="utf-8", errors="replace").splitlines():
        found = _CALL.match(line)
        if found is None or found[1] in _READ_ONLY:
            continue
        call, rest = found.groups()
        if call.startswith("open") and not any(flag in rest for flag in _WRITING):
            continue
        named = _PATH.findall(rest.rpartition(") = ")[0] or rest)
        for at_folder, of_handle, name in named[-1:] if call.startswith("symlink") else named:
            yield call, Path(os.path.normpath(folder / (at_folder or of_handle) / _decoded(name)))


def started(notes: Path) -> set[str]:
    """Return the names of the programs that were started."""
    calls = (_CALL.match(line) for line in notes.read_text(encoding="utf-8", errors="replace").splitlines())
    named = [_PATH.search(found[2]) for found in calls if found is not None and found[1].startswith("execve")]
    return {Path(_decoded(each[3])).name for each in named if each is not None}


def outside(notes: Path, folder: Path, allowed: Sequence[Path]) -> list[str]:
    """Return what was written elsewhere than below the places that are allowed, in no file and in no shared memory."""
    found = {
        f"{call} {path}"
        for call, path in written(notes, folder)
        if not any(path.is_relative_to(each) for each in (*allowed, *NO_FILES))
    }
    return sorted(found)


def _decoded(name: str) -> str:
    return (
        name.encode("latin-1", "replace")
        .decode("unicode_escape")
        .encode("latin-1", "replace")
        .decode("utf-8", "replace")
    )
