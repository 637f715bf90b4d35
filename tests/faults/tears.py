"""A journal torn at every byte, with what a disk may leave behind a tear: nothing, zeros, other bytes, brackets."""

import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from faults.grid import RUN, Grid, Told
from harness.ledger import Journal

TAILS = {"cut": b"", "zeros": b"\0" * 512, "bytes": b"\xff\xfe\x00\x80}{", "brackets": b"[" * 5000}


@dataclass(frozen=True)
class Tear:
    """A journal of which `kept` bytes are left, then a tail of TAILS."""

    kept: int
    tail: str


def tears(length: int) -> Iterator[Tear]:
    """Yield every tear of a journal of so many bytes."""
    return (Tear(kept, tail) for kept in range(length + 1) for tail in TAILS)


def wrong(tear: Tear, whole: bytes, folder: Path) -> str:
    """Tear a journal in a folder of its own, go on with it, and say what was lost; empty where nothing was."""
    folder.mkdir(parents=True)
    journal = Journal(folder / "journal.jsonl")
    journal.path.write_bytes(whole[: tear.kept] + TAILS[tear.tail])
    expected = _expected(whole[: tear.kept], TAILS[tear.tail])
    if journal.events() != expected:
        return f"{tear}: read otherwise than what was whole"
    journal.append("after")
    *before, after = journal.events()
    if before != expected or after["event"] != "after":
        return f"{tear}: lost when another process went on"
    return ""


def of(run: Path, count: int | None = None, seed: int = 0) -> list[Tear]:
    """Return every tear of a run's journal, or as many drawn from them."""
    found = list(tears((run / "journal.jsonl").stat().st_size))
    return found if count is None else random.Random(seed).sample(found, min(count, len(found)))


def tried(grid: Grid, tear: Tear, folder: Path) -> Told:
    """Tear the undisturbed run's journal in an empty folder, and go on with it."""
    found = wrong(tear, (grid.folder / RUN / "journal.jsonl").read_bytes(), folder)
    shutil.rmtree(folder)
    return Told(tear, "lost" if found else "right", found)


def _expected(kept: bytes, tail: bytes) -> list[object]:
    *lines, last = kept.split(b"\n")
    found = [json.loads(line) for line in lines]
    if last and not tail:  # the newline alone may be missing
        try:
            found.append(json.loads(last))
        except ValueError:
            return found
    return found
