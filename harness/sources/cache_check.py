"""The cache folder looked through: what is whole, damaged or left over, and what it takes to have a folder again."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from harness.sources.cache import root
from harness.sources.checksums import damages, has_checksums

State = Literal["whole", "unproven", "damaged", "left over", "being filled", "foreign"]

AGAIN = {
    "models": "converted again from its wheel when a run needs it: half a minute for the embedded model",
    "suites": "built again from its wheel when a task needs it: seconds",
    "wheels": "downloaded again when something has to be built of it",
}
"""The folders that hold folders, and what becomes of one that is removed."""
_FILES = ("calibration", "lm_eval", "plan.log")
"""What else there is: small, and made again in seconds."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in the cache: its `state`, what is to be said of it, and its bytes."""

    path: Path
    state: State
    detail: str
    bytes: int


def entries() -> Iterator[Entry]:
    """Yield everything in the cache folder; files are read for their checksums, and nothing is changed."""
    if not root().is_dir():
        return
    for path in sorted(root().iterdir()):
        if path.name in AGAIN and path.is_dir():
            yield from _of_kind(path)
        elif path.name not in _FILES:
            yield Entry(path, "foreign", "not put there by harness; remove it if nobody needs it", _size(path))


def _of_kind(kind: Path) -> Iterator[Entry]:
    for path in sorted(kind.iterdir()):
        if path.name.endswith(".lock") and path.is_file():
            continue
        if not path.is_dir():
            yield Entry(path, "foreign", "not put there by harness; remove it if nobody needs it", _size(path))
        elif path.name.startswith((".", "tmp")):
            yield _half_filled(path)
        else:
            yield _filled(path, AGAIN[kind.name])


def _half_filled(path: Path) -> Entry:
    """Tell whether somebody fills the folder just now: whoever does holds the lock of the folder that it will be."""
    of = path.name.removeprefix(".")
    locks = [each for each in path.parent.glob("*.lock") if of.startswith(f"{each.name.removesuffix('.lock')}.")]
    if any(_is_held(lock) for lock in locks):
        return Entry(path, "being filled", "a process is at it", _size(path))
    return Entry(path, "left over", "of a process that was killed while it filled it; remove it", _size(path))


def _is_held(lock: Path) -> bool:
    try:
        with FileLock(lock, timeout=0):
            return False
    except Timeout:
        return True


def _filled(path: Path, again: str) -> Entry:
    if not has_checksums(path):
        return Entry(path, "unproven", "of an earlier version, without checksums: noted at its next use", _size(path))
    wrong = damages(path, read=True, renew=False)
    if wrong:
        return Entry(path, "damaged", f"{'; '.join(wrong)}. Remove the folder: it is {again}", _size(path))
    return Entry(path, "whole", f"removed, it is {again}", _size(path))


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(each.lstat().st_size for each in files if not each.is_dir())
