"""The archive of a bundle: a tar in xz, written to the same bytes for the same files, and read as a stranger's.

Packed scores repeat the hashes of items in every cell, which a window of 16 MiB finds again.
"""

import io
import lzma
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from harness import names
from harness.errors import BundleError
from harness.paths import LARGEST_RECORD, open_regular

MAGIC = b"\xfd7zXZ\x00"
MOST_FILES = 100_000
UNPACKED = 1 << 30
"""Bytes that a bundle may come to."""

_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 16 << 20}]
_MEMORY = 256 << 20
_CHUNK = 1 << 20


def is_bundle(path: Path) -> bool:
    """Say whether a file begins as a bundle does; nothing is raised, whatever lies there."""
    try:
        with open_regular(path) as stream:
            return stream.read(len(MAGIC)) == MAGIC
    except (OSError, ValueError):
        return False


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return the archive of files by name, in the order of the mapping: no time, owner or mode is in it."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            archive.addfile(member, io.BytesIO(content))
    return lzma.compress(tar.getvalue(), format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC64, filters=_FILTERS)


def unpack(path: Path, target: Path) -> list[str]:
    """Write a bundle's files below `target`, a folder that is empty, and return their names.

    Raises `BundleError` for what is not a bundle, was cut off, would fill the disk, or holds anything but files with
    plain names within it; nothing outside of `target` is touched.
    """
    try:
        with (target / ".tar").open("w+b") as tar, open_regular(path) as packed:
            _decompress(path, packed, tar)
            tar.seek(0)
            with tarfile.open(fileobj=tar, mode="r:") as archive:
                found = [_write(path, archive, member, target) for member in _members(path, archive)]
    except (OSError, EOFError, lzma.LZMAError, tarfile.TarError) as error:
        raise BundleError(f"{path} is not a bundle of harness, or it was cut off ({error}).") from error
    finally:
        (target / ".tar").unlink(missing_ok=True)
    return found


def _decompress(path: Path, packed: BinaryIO, tar: BinaryIO) -> None:
    reader, written = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_MEMORY), 0
    while not reader.eof:
        chunk = packed.read(_CHUNK) if reader.needs_input else b""
        if reader.needs_input and not chunk:
            raise EOFError("it ends early")
        piece = reader.decompress(chunk, max_length=_CHUNK)
        written += len(piece)
        if written > UNPACKED:
            raise BundleError(f"{path} would unpack to more than {UNPACKED >> 20} MiB: nothing of it was read.")
        tar.write(piece)


def _members(path: Path, archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    seen: set[str] = set()
    for member in archive:
        if not member.isreg():
            raise BundleError(f"{path} holds {member.name!r:.80}, which is not a file: a bundle has nothing else.")
        if not _is_plain(member.name):
            raise BundleError(f"{path} holds a file called {member.name!r:.80}: names stay within a bundle.")
        if member.name in seen:
            raise BundleError(f"{path} holds {member.name!r:.80} twice.")
        seen.add(member.name)
        if len(seen) > MOST_FILES or member.size > LARGEST_RECORD:
            raise BundleError(f"{path} holds more than {MOST_FILES:,} files, or one that is larger than any record.")
        yield member


def _is_plain(name: str) -> bool:
    parts = PurePosixPath(name)
    return (
        parts.as_posix() == name
        and not parts.is_absolute()
        and "\\" not in name
        and ":" not in name
        and not names.hidden(name)
        and all(part not in ("", "..") and not part.startswith(".") for part in parts.parts)
    )


def _write(path: Path, archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> str:
    content = archive.extractfile(member)
    if content is None:
        raise BundleError(f"{path} holds {member.name!r:.80}, which cannot be read.")
    file = target / member.name
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("xb") as stream:
        while piece := content.read(_CHUNK):
            stream.write(piece)
    return member.name
