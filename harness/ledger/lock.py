"""The lock file of a run folder: what was asked for, what it was resolved to, and what it came from."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from harness import names
from harness.codec import DecodeError, decode, encode
from harness.errors import DamagedError, LedgerError
from harness.ledger.artefacts import SealError, read_sealed, write_sealed
from harness.ledger.hardware import Code, Hardware
from harness.records import ChosenValues, Fit, FoundRecipe, Screening
from harness.spec.records import Experiment

T = TypeVar("T")

LOCK = "spec.lock.json"

CAMPAIGN = "campaign.json"
"""In the folder of the run folders of an experiment of several models: which models there are."""

RETIRED: frozenset[str] = frozenset()
"""Fields that earlier versions wrote and this one ignores, as ``Record.field``."""

MEND = "Remove it and run the spec again with this folder as --out: cells that are done are kept."


def is_campaign(folder: Path) -> bool:
    """Tell whether a folder is that of an experiment of several models."""
    return (folder / CAMPAIGN).is_file()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashes:
    """Digests of what the run was made from, as in `harness.plan.content.Content`; earlier versions had fewer.

    `weights` are by arm and place in its list, since where a model lies is its machine's.
    """

    model: str
    data: str
    stages: Mapping[str, str] = field(default_factory=dict)
    tokenizer: str = ""
    suites: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the run's cells compute on: the kind of device, and torch's threads; None where it was not recorded.

    `fit` is what it holds of a training batch.
    """

    device: str | None = None
    threads: int | None = None
    fit: Fit = field(default_factory=Fit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """Another run's lock that this run was made from, by name and SHA-256, and what may differ and does, in words."""

    lock: str
    sha256: str
    differing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A run as it was last started. `cells` are its cells in order, `rows` counts the training rows.

    `items` are those that each suite has, by task, of which a limit may score fewer. `code` is harness's own commit
    where it lies in a checkout, `hardware` that of the command, `reproduces` the lock that the run was held to.

    `experiment` is resolved, with what a search chose (`tuning`, one a recipe; `found` in phases). Fields with a
    default may be absent in the lock of an earlier version, and `experiment` is None in one that was written by hand
    for a test of listing.
    """

    cells: tuple[str, ...]
    experiment: Experiment | None = None
    overrides: tuple[str, ...] = ()
    tuning: tuple[ChosenValues, ...] = ()
    found: FoundRecipe | None = None
    hashes: Hashes | None = None
    rows: int | None = None
    items: Mapping[str, int] = field(default_factory=dict)
    screening: Screening | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    execution: Machine = Machine()
    hardware: Hardware | None = None
    code: Code | None = None
    reproduces: Reproduction | None = None

    def __post_init__(self) -> None:
        """Refuse cells whose ids cannot name folders within the run's."""
        for each in self.cells:
            if allowed := names.wrong(names.CELL, each):
                raise ValueError(f"{each!r:.80} cannot name a cell: a name is {allowed}")


def write_lock(folder: Path, lock: Lock) -> None:
    """Write the lock of the run in `folder`."""
    write_sealed(folder / LOCK, encode(lock))


def read_lock(folder: Path) -> Lock:
    """Return the lock of the run in `folder`.

    Raises `LedgerError` where there is none, or none that can be read, `DamagedError` where it was changed.
    """
    return _found(folder, _read)


def read_cells(folder: Path) -> tuple[str, ...]:
    """Return the ids of the cells of the run in `folder`: of thousands of runs, no other record is made.

    Raises as `read_lock` does, but for records that another version wrote.
    """
    return _found(folder, _read_cells)


def _found(folder: Path, read: Callable[[Path, int, int], T]) -> T:
    path = folder / LOCK
    try:
        status = path.stat()
        return read(path, status.st_mtime_ns, status.st_size)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise LedgerError(_no_run(folder)) from error
    except OSError as error:
        raise LedgerError(f"{path} cannot be read ({error}). {MEND}") from error


def read_lock_file(path: Path) -> tuple[Lock, Path]:
    """Return the lock that a file of any name holds, or that of a run folder, and the file.

    Raises `LedgerError` where it cannot be read, `DamagedError` where it was changed.
    """
    file = path / LOCK if path.is_dir() else path
    try:
        return _read(file, file.stat().st_mtime_ns, file.stat().st_size), file
    except OSError as error:
        raise LedgerError(
            f"{file} cannot be read ({error.strerror or error}): name a {LOCK}, or a run folder."
        ) from error


@functools.lru_cache(maxsize=64)
def _read(path: Path, _modified: int, _size: int) -> Lock:
    """Read a lock file once for as long as it stays as it is: whoever reads a run asks for it often."""
    try:
        return decode(Lock, _data(path), retired=RETIRED)
    except DecodeError as error:
        raise LedgerError(f"{path} was written by another version, or edited: {error}. {MEND}") from error


def _read_cells(path: Path, _modified: int, _size: int) -> tuple[str, ...]:
    try:
        return Lock(cells=tuple(map(str, _data(path)["cells"]))).cells
    except ValueError as error:
        raise LedgerError(f"{path} was edited: {error}. {MEND}") from error


def _data(path: Path) -> Mapping[str, Any]:
    """Return what a lock file says, held against its checksum."""
    try:
        data = read_sealed(path)
    except SealError as error:
        raise DamagedError(f"{path} was changed: {error}. {MEND}") from error
    except TypeError:
        data = {}
    except (ValueError, RecursionError) as error:
        raise LedgerError(f"{path} cannot be read ({error}). {MEND}") from error
    if not isinstance(data.get("cells"), list):
        raise LedgerError(f"{path} is not a lock file of harness: it has no list `cells`. {MEND}")
    return data


def _no_run(folder: Path) -> str:
    """Say that a folder holds no run, and which folders below it do."""
    if not folder.is_dir():
        return f"there is no folder {folder}. `harness ls` lists the runs below runs/."
    below = ", ".join(str(lock.parent) for lock in sorted(folder.glob(f"*/{LOCK}")))
    named = f"Name one of the runs in it: {below}." if below else "`harness run SPEC` makes one."
    return f"{folder} holds no run: it has no {LOCK}. {named}"
