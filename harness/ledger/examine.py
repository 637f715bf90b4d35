"""A run folder looked at as a whole: what of it is whole, damaged, half-written, foreign or left behind.

Nothing is changed, and every byte that a checksum is known of is read.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from harness.ledger.checkpoint import DamagedCheckpointError, read_checkpoint
from harness.ledger.claims import CLAIMS, Claims, rhythm_of
from harness.ledger.damage import CellFiles, Damage, unchecked
from harness.ledger.lock import LOCK
from harness.ledger.mounts import advice
from harness.ledger.run import (
    ARRAYS,
    CHECKPOINT,
    MEASUREMENTS,
    OUTCOME,
    PREFIX,
    STATE,
    TENSORBOARD,
    TRAINED,
    WEIGHTS,
    RunFolder,
)
from harness.records import CellFailure, CellResult
from harness.text import several

Status = Literal["ok", "warn", "fail"]

_MINUTE = 60.0
_SHOWN = 5
_some = partial(several, most=_SHOWN)
_OF_A_RUN = frozenset(
    {
        *(LOCK, "journal.lock", CLAIMS, "cells", "trials", PREFIX, "probes", TENSORBOARD, "log.txt", "prepared.json"),
        MEASUREMENTS,
        *("scores.parquet", "cells.parquet", "submitted"),
        *("verdict.json", "costs.json", "search.json", "held_out.json", "report.html", "report.md"),
    }
)
_OF_A_CELL = frozenset({OUTCOME, TRAINED, STATE, WEIGHTS, ARRAYS, CHECKPOINT, "unit.json", "eval", "merge"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``warn`` limits what can be done, ``fail`` keeps it from being done."""

    what: str
    status: Status
    detail: str


def examine(folder: Path) -> Iterator[Finding]:
    """Yield what is found in a run folder, damaged files first. Raises `LedgerError` where there is no run."""
    run = RunFolder(folder)
    cells = run.cell_ids
    trials = sorted(path.name for path in folder.glob("trials/*") if path.is_dir())
    found = [each for cell in cells for each in CellFiles(run, cell).damages()]
    found += [each for trial in trials for each in CellFiles(run, trial, "trials").damages()]
    yield from (Finding(each.file, "fail", str(each).partition(" is ")[2]) for each in found)
    yield _together(found)
    yield from _cells(run, {each.cell for each in found})
    yield from _checkpoints(run)
    yield from _journal(run)
    yield from _foreign(run)
    yield from _claims(run)


def _together(found: list[Damage]) -> Finding:
    if not found:
        return Finding("checksums", "ok", "every file that one is known of holds what was written")
    parts = {(each.kind, each.cell, each.part, each.key): each.seconds for each in found}
    unknown = sum(seconds is None for seconds in parts.values())
    minutes = sum(seconds or 0.0 for seconds in parts.values()) / _MINUTE
    more = f" and what {unknown} of {len(parts)} parts take, which no record says" if unknown else ""
    files = "1 damaged file" if len(found) == 1 else f"{len(found)} damaged files"
    detail = f"{files}; `harness run` with --repair makes them again in about {minutes:.1f} minutes{more}"
    return Finding("checksums", "fail", detail)


def _cells(run: RunFolder, damaged: set[str]) -> Iterator[Finding]:
    """Yield how far the run is: what has ended, failed, was begun and is not whole, and what is still to come."""
    whole = [cell for cell in run.cell_ids if cell not in damaged]
    outcomes = {cell: run.outcome(cell) for cell in whole}
    failed = [cell for cell, outcome in outcomes.items() if isinstance(outcome, CellFailure)]
    open_ = [cell for cell, outcome in outcomes.items() if outcome is None]
    begun = [cell for cell in open_ if run.cell_folder(cell).exists()]
    done = sum(isinstance(outcome, CellResult) for outcome in outcomes.values())
    yield Finding("cells", "ok" if done == len(run.cell_ids) else "warn", f"{done} of {len(run.cell_ids)} are done")
    if failed:
        yield Finding("failed cells", "warn", f"{_some(failed)}; `harness run` with --retry-failed tries them again")
    if begun:
        yield Finding("begun cells", "warn", f"{_some(begun)}; `harness run` goes on with what is whole of them")
    gone = [cell for cell in open_ if _said(run, cell)]
    if gone:
        yield Finding("lost results", "fail", f"the journal says that {_some(gone)} ended, and their records are gone")
    if not damaged and (sentence := unchecked(run)):
        yield Finding("without checksums", "warn", sentence.rstrip("."))


def _checkpoints(run: RunFolder) -> Iterator[Finding]:
    """Yield each training that is under way or was killed, and whether its checkpoint is as it was written."""
    for folder in sorted(run.folder.glob(f"*/*/{CHECKPOINT}/training")):
        name = folder.relative_to(run.folder).as_posix()
        try:
            found = read_checkpoint(folder)
        except DamagedCheckpointError as error:
            yield Finding(name, "warn", f"damaged: {error}; that training begins from its start")
        else:
            if found is not None:
                yield Finding(name, "ok", f"after step {found.step} of {found.steps}, {found.bytes:,} bytes")


def _said(run: RunFolder, cell: str) -> bool:
    """Tell whether the last thing that the journal says of a cell is that it ended."""
    said = [str(event.get("event")) for event in run.journal.events() if event.get("cell") == cell]
    return bool(said) and said[-1] in {"finished", "adopted"}


def _journal(run: RunFolder) -> Iterator[Finding]:
    lines, kept = 0, len(run.journal.events())
    for file in sorted(run.folder.glob("journal*.jsonl")):
        lines += sum(1 for line in file.read_bytes().split(b"\n") if line.strip())
    if lines > kept:
        detail = f"{lines - kept} of {lines} lines were cut off while they were written; nothing rests on them"
        yield Finding("journal", "warn", detail)
    else:
        yield Finding("journal", "ok", f"{kept} events")


def _foreign(run: RunFolder) -> Iterator[Finding]:
    """Yield files that no run leaves, those of other specs, and what a killed process had half written."""
    here = list(_below(run.folder))
    half = [path for path in here if path.name.startswith((".", "adopting-"))]
    strange = [path for path in here if path not in half and not _is_known(path.relative_to(run.folder))]
    earlier = [
        path for path in sorted(run.folder.glob("cells/*")) if path.is_dir() and path.name not in set(run.cell_ids)
    ]
    links = [path for path in here if path.is_symlink()]
    for what, paths, detail in (
        ("half-written files", half, "left by a process that was killed; they can be removed"),
        ("foreign files", strange, "nothing of harness wrote them there, and nothing reads them"),
        ("links", links, "a run writes none: what is read through them lies elsewhere"),
    ):
        if paths:
            yield Finding(
                what,
                "warn",
                f"{_some([path.relative_to(run.folder).as_posix() for path in paths])}: {detail}",
            )
    if earlier:
        names = _some([path.name for path in earlier])
        yield Finding("other cells", "ok", f"{names}: of an earlier start with another spec or other options")


def _below(folder: Path) -> Iterator[Path]:
    """Yield what lies in the run's folder, in those of cells and trials, and in those of claims."""
    for place in (folder, folder / CLAIMS, *sorted(folder.glob("cells/*")), *sorted(folder.glob("trials/*"))):
        if place.is_dir():
            yield from sorted(place.iterdir())


def _is_known(path: Path) -> bool:
    """Tell whether a run leaves something of this name at this place."""
    if len(path.parts) == 1:
        return path.name in _OF_A_RUN or (path.name.startswith("journal") and path.suffix == ".jsonl")
    return path.parts[0] == CLAIMS or path.name in _OF_A_CELL


def _claims(run: RunFolder) -> Iterator[Finding]:
    """Yield who is at work in the run just now, and which commands were killed while they were."""
    folder = run.folder / CLAIMS
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return
    claims = Claims(run.folder)
    claimed = [name for name in claims.names() if claims.is_held(name)]
    held = [name for name in claimed if claims.lives(name)]  # by heartbeat, all are watched from the line above on
    dead = [path.stem for path in sorted(folder.glob("command-*.json")) if path.stem not in held]
    if held:
        yield Finding("claims", "warn", f"somebody is at work: {_some(held)}")
    else:
        yield Finding("claims", "ok", "nobody is at work")
    if said := advice(run.folder, by_heartbeat=rhythm_of(run.folder) is not None):
        yield Finding("file system", "warn", said.rstrip("."))
    if dead:
        yield Finding("orphaned claims", "warn", f"{_some(dead)}: of killed commands; the next one removes them")
