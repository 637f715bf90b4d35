"""Where harness keeps what it can make again and what it was told, and files read only where they are files."""

import errno
import hashlib
import json
import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import Any

import platformdirs

LARGEST_DECLARATION = 8 << 20
"""Bytes of a spec, a recipe or a task's YAML that are read."""
LARGEST_DATA = 1 << 36
"""Bytes of a file of training rows."""
LARGEST_RECORD = 1 << 30
"""Bytes of a file of a run or an evaluation that is read as a whole."""


def cache_root() -> Path:
    """Return ``$HARNESS_CACHE`` or the platform's cache folder for harness."""
    declared = os.environ.get("HARNESS_CACHE")
    return Path(declared).expanduser() if declared else Path(platformdirs.user_cache_dir("harness"))


def state_root() -> Path:
    """Return ``$HARNESS_STATE`` or the platform's folder for what harness is to remember of its user."""
    declared = os.environ.get("HARNESS_STATE")
    return Path(declared).expanduser() if declared else Path(platformdirs.user_state_dir("harness"))


def is_file(path: Path) -> bool:
    """Tell whether there is a regular file; a path that no file can have (too long, a NUL in it) is none."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises for such paths


def is_folder(path: Path) -> bool:
    """Tell whether there is a folder, likewise."""
    return os.path.isdir(path)  # noqa: PTH112 - as above


def expanded(text: str) -> Path:
    """Return a path with its ``~`` replaced, or as it is where nobody is called so."""
    return Path(os.path.expanduser(text))  # noqa: PTH111 - Path.expanduser raises for a user that is not there


def resolved(path: Path) -> Path:
    """Return an absolute path without links, as far as there can be such a path."""
    try:
        return path.resolve()
    except (OSError, ValueError):
        return path.absolute()


def open_regular(path: Path) -> BufferedReader:
    """Open a file for reading. Raises `OSError` for what is not one: a pipe would wait, a device never end."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise OSError(errno.EINVAL, "not a regular file", str(path))


def read_regular(path: Path, most: int = LARGEST_DECLARATION) -> bytes:
    """Return a file's bytes. Raises `OSError` for what is not a regular file, or is larger than `most` bytes."""
    with open_regular(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        content = stream.read(min(size, most) + 1)  # a buffer of as many bytes as are asked for is made at once
    if len(content) > most:
        raise OSError(errno.EFBIG, f"larger than the {most >> 20} MiB that are read", str(path))
    return content


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal. Raises `OSError` for what is not a regular file."""
    with open_regular(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_record(path: Path) -> Any:
    """Return what a JSON file of a run or an evaluation says.

    Raises `OSError` as `read_regular` does, and `ValueError` or `RecursionError` for what is not JSON in UTF-8.
    """
    return record_of(read_regular(path, LARGEST_RECORD))


def record_of(content: bytes) -> Any:
    """Return what such a file's content says. Raises `ValueError` or `RecursionError` for what is not JSON in UTF-8."""
    return json.loads(content.decode("utf-8-sig"))
