"""A training that was under way, as its record says: read again only where every file is as it was written.

``checkpoint.json`` is sealed and names the files with tensors beside it by their SHA-256. It replaces the record before
it as a whole, once its files are on the disk: whatever ends a process, the last record that was written is whole.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.codec import JSON, decode
from harness.ledger.artefacts import artefact, read_sealed
from harness.ledger.outcomes import UNREADABLE
from harness.trained import Artefact

RECORD = "checkpoint.json"


class DamagedCheckpointError(ValueError):
    """A checkpoint is not what was written; the text says which file, and in what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What ``checkpoint.json`` holds: after which step of how many it was made, and the training's state then.

    `about` is what whoever starts trainings has to know before this one goes on, `state` is as
    `harness.training.state.plain` gives it, and `files` has its tensors, in order, by name in the folder.
    """

    step: int
    steps: int
    about: JSON
    state: JSON
    files: Mapping[str, Artefact]

    @property
    def bytes(self) -> int:
        """The size of its tensors' files."""
        return sum(each.bytes for each in self.files.values())


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """Return the checkpoint in a folder, None where there is none; every byte of it is looked at.

    Raises `DamagedCheckpointError` where it is not what was written.
    """
    path = folder / RECORD
    if not path.exists():
        return None
    try:
        found = decode(Checkpoint, read_sealed(path))
    except UNREADABLE as error:
        raise DamagedCheckpointError(f"{path} cannot be read ({error})") from error
    for name, said in found.files.items():
        if wrong := _wrong(folder, name, said):
            raise DamagedCheckpointError(f"{folder / name} {wrong}")
    return found


def remove_checkpoint(folder: Path) -> None:
    """Remove what there is of one; where it cannot be, it stays: nothing rests on it any more."""
    shutil.rmtree(folder, ignore_errors=True)


def _wrong(folder: Path, name: str, said: Artefact) -> str | None:
    """Return what is wrong with a file that a record names; one elsewhere is not looked at."""
    if Path(name).name != name:
        return "is not within the folder"
    try:
        found = artefact(folder / name)
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    if found == said:
        return None
    return f"is changed: {said.bytes:,} bytes with SHA-256 {said.sha256} were written, {found.sha256} is there"
