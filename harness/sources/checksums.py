"""Whether a folder of the cache still holds what was put into it, by a file of checksums that was written with it."""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.codec import DecodeError, decode, encode
from harness.file_states import NOTE, FileState, checked, renewed
from harness.paths import read_record


@dataclass(frozen=True, slots=True, kw_only=True)
class Checksums:
    """The files of a folder by their path in it."""

    files: dict[str, FileState] = field(default_factory=dict)


def write_checksums(folder: Path) -> None:
    """Note what a folder holds. Raises `OSError` as the disk does."""
    _write(folder, {name: checked(folder / name) for name in _names(folder)})


def damages(folder: Path, *, read: bool, renew: bool = True) -> list[str]:
    """Return what is wrong with a folder's files, each in words; nothing where it is whole.

    Without `read`, files whose size, times and inode are those of their checksum are taken as whole. A folder of an
    earlier version has no checksums: it is held to what it is now from here on. Without `renew` nothing is written.
    """
    found = _noted(folder)
    if isinstance(found, str):
        return [found]
    if found is None:
        with contextlib.suppress(OSError):  # a cache that cannot be written is taken as it lies
            write_checksums(folder)
        return []
    there = set(_names(folder))
    wrong = [f"{folder / name} is not there any more" for name in sorted(found.files.keys() - there)]
    wrong += [f"{folder / name} was not put there by harness" for name in sorted(there - found.files.keys())]
    states = {name: _state(folder / name, found.files[name], read=read) for name in sorted(there & found.files.keys())}
    wrong += [f"{folder / name} does not hold what was put there" for name, state in states.items() if state is None]
    now = {name: state for name, state in states.items() if state is not None}
    if renew and not wrong and now != found.files:
        with contextlib.suppress(OSError):  # it is read again next time
            _write(folder, now)
    return wrong


def has_checksums(folder: Path) -> bool:
    """Tell whether a folder was filled by a version that notes checksums."""
    return (folder / NOTE).is_file()


def _state(path: Path, noted: FileState, *, read: bool) -> FileState | None:
    """Return a file's state now, None where its content is another."""
    try:
        # A folder is filled beside its place, and a cache may be moved.
        now = checked(path) if read else renewed(replace(noted, path=str(path)))
    except OSError:
        return None
    return None if now is None or now.sha256 != noted.sha256 else replace(now, path=noted.path)


def _noted(folder: Path) -> Checksums | str | None:
    """Return what was noted, what is wrong with the note, or None where there is none."""
    path = folder / NOTE
    if not path.exists():
        return None
    try:
        return decode(Checksums, read_record(path))
    except (OSError, ValueError, RecursionError, DecodeError) as error:
        return f"{path} cannot be read ({error})"


def _write(folder: Path, files: dict[str, FileState]) -> None:
    """Write the note so that it appears whole."""
    noted = Checksums(files={name: replace(state, path=name) for name, state in files.items()})
    handle, partial = tempfile.mkstemp(prefix=NOTE, dir=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(encode(noted), stream, indent=1)
        Path(partial).replace(folder / NOTE)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def _names(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if not path.is_dir() and not path.name.startswith(NOTE):
            yield path.relative_to(folder).as_posix()
