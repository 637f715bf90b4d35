"""Files that appear whole and stay: written beside their place, fsynced, renamed over it, and the folder fsynced."""

import errno
import os
import tempfile
from pathlib import Path
from typing import Any

from harness.ledger.indented import indented


def write_text(path: Path, text: str, *, held: bool = True) -> None:
    """Write `text` so that a reader sees the old file or the new one, never a part.

    Half of a character becomes its escape, which within JSON is that half again. For `held` see `write_bytes`.
    """
    write_bytes(path, text.encode("utf-8", "backslashreplace"), held=held)


def write_bytes(path: Path, content: bytes, *, held: bool = True) -> None:
    """Write `content` so that a reader sees the old file or the new one, never a part.

    One that need not be `held` by the disk when this returns may be cut, or gone, after a power cut.
    """
    make_folder(path.parent)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            if held:
                os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
        if held:
            sync(path.parent)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    """Write JSON with sorted keys; a NaN or infinity is refused with a ValueError."""
    write_text(path, indented(value, sort_keys=True) + "\n")


def make_folder(folder: Path) -> None:
    """Make a folder and those above it where they are not there, and have the disk hold that they are."""
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in reversed(made):
        sync(each.parent)


def sync_folder(folder: Path) -> None:
    """Have the disk hold everything below a folder, before something else says that it is there."""
    for place, _, files in os.walk(folder, topdown=False):
        for name in files:
            sync(Path(place, name))
        sync(Path(place))
    sync(folder.parent)


def sync(path: Path) -> None:
    """Have the disk hold a file, or which files a folder has; some systems cannot be asked that of a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.EBADF, errno.ENOTSUP}:
            raise
    finally:
        os.close(handle)
