"""Files that a cell leaves, by their SHA-256, and records in JSON that hold the SHA-256 of what they say.

What is read again is held against that: a file against the record that names it, a record against itself. A record of
an earlier version has none, and is taken as it is.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness.ledger.files import write_json
from harness.paths import LARGEST_RECORD, file_sha256, read_regular, record_of
from harness.trained import Artefact

SEAL = "sha256"
"""The key of a record under which stands the SHA-256 of the rest of it, as JSON without spaces and with sorted keys."""


class SealError(ValueError):
    """A record does not hold what its seal says; `expected` and `found` are the two digests."""

    def __init__(self, expected: object, found: str) -> None:
        self.expected, self.found = f"{expected!s:.64}", found
        super().__init__(f"it holds other values than were written: its sha256 is {self.expected}, now {found}")


CARD = "README.md"
"""A model card beside what was trained. Reports write it anew, so that no record holds its checksum."""


def artefact(path: Path) -> Artefact:
    """Return what a file holds. Raises `OSError` as reading does, and for what is not a regular file."""
    return Artefact(sha256=file_sha256(path), bytes=path.stat().st_size)


def artefacts(root: Path, folders: Iterable[Path]) -> dict[str, Artefact]:
    """Return every file below some folders, of which some need not be there, by its path from `root`; no `CARD`."""
    files = sorted(file for folder in folders for file in folder.rglob("*") if file.is_file() and file.name != CARD)
    return {file.relative_to(root).as_posix(): artefact(file) for file in files}


def digests(files: Mapping[str, Artefact]) -> dict[str, str]:
    """Return the SHA-256 of files by path, as the journal has them."""
    return {path: each.sha256 for path, each in files.items()}


def together(files: Mapping[str, Artefact]) -> str:
    """Return one digest of several files, with their names."""
    return hashlib.sha256(
        "\n".join(f"{each.sha256} {name}" for name, each in sorted(files.items())).encode()
    ).hexdigest()


def write_sealed(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record, a JSON object, with its seal; a NaN or infinity is refused with a ValueError."""
    write_json(path, sealed(record))


def sealed(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record as JSON has it, with its seal; a NaN or infinity is refused with a ValueError."""
    plain = json.loads(json.dumps(record, allow_nan=False))
    return {**plain, SEAL: seal(plain)}


def read_sealed(path: Path) -> dict[str, Any]:
    """Return a record without its seal.

    Raises `SealError` where it says something else than was written, `OSError` for what cannot be read, and
    `ValueError`, `RecursionError` or `TypeError` for what is no JSON object.
    """
    return unsealed(read_regular(path, LARGEST_RECORD))


def unsealed(content: bytes) -> dict[str, Any]:
    """Return the record that a file of this content holds, without its seal. Raises what `read_sealed` does."""
    record = record_of(content)
    if not isinstance(record, dict):
        raise TypeError("it is no object in { }")
    said = record.pop(SEAL, None)
    if said is not None and said != (found := seal(record)):
        raise SealError(said, found)
    return record


def seal(record: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a record; halves of characters count as their escapes."""
    text = json.dumps(record, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
