"""Rights taken away: folders and files of a run that may not be written or read, and the same command with its rights.

Root may do anything, so that where these are tried by root its command is started without that power (`setpriv`): it
then has the rights of a file's owner, as everybody else has.
"""

import os
import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from faults.damages import CELL, KINDS, STATES, State
from faults.grid import RUN, Grid, Told, losses, lost, ran, uncaught
from harness.ledger import RunFolder
from helpers.commands import Ended, ended, start

FOLDERS = {
    "beside the spec": "../..",
    "runs": "..",
    "run": ".",
    "claims": "claims",
    "cells": "cells",
    "cell": "{cell}",
    "eval": "{cell}/eval",
    "suite": "{cell}/eval/sums--*",
}
"""Folders of a run, and where they lie in a run folder."""
TAKEN = {"writing": 0o555, "reading": 0o300, "all": 0o000}
POWERS = "-dac_override,-dac_read_search"


@dataclass(frozen=True)
class Denied:
    """Rights that are taken of what, in a run in a state; "new" is one that has not begun."""

    what: str
    right: Literal["writing", "reading", "all"]
    run: State | Literal["new"]


def denials(count: int | None = None, seed: int = 0) -> list[Denied]:
    """Return every right taken of every folder and file, or as many drawn from them."""
    found = [
        *(Denied(what, right, "new") for what in ("beside the spec", "runs") for right in TAKEN),
        *(Denied(what, right, state) for what in FOLDERS for right in TAKEN for state in ("finished", "trained")),
        *(Denied(what, right, "finished") for what in KINDS for right in ("writing", "reading")),
        *(Denied(what, "reading", "trained") for what in ("unit", "training", "adapter", "adapter_config")),
    ]
    gone = {"eval", "suite"}
    found = [each for each in found if not (each.run == "trained" and each.what in gone)]
    return found if count is None else random.Random(seed).sample(found, min(count, len(found)))


def tried(grid: Grid, denied: Denied, folder: Path) -> Told:
    """Take rights of a run below an empty folder, run the same command there, give them back and run it again."""
    run = folder / RUN
    run.parent.mkdir(parents=True)
    if denied.run != "new":
        shutil.copytree(grid.folder / RUN, run)
        (cell,) = run.glob(f"cells/{CELL}")
        for each in [found for pattern in STATES[denied.run] for found in cell.glob(pattern)]:
            shutil.rmtree(each) if each.is_dir() else each.unlink()
    (target,) = _found(run, denied.what)
    before = target.stat().st_mode
    target.chmod(_mode(before, TAKEN[denied.right], is_folder=target.is_dir()))
    try:
        first = _ran(grid, folder)
    finally:
        target.chmod(before)
    failed = len(RunFolder(run).failures) if (run / "spec.lock.json").exists() else 0
    return _told(grid, denied, run, target, first, failed)


def _found(run: Path, what: str) -> list[Path]:
    pattern = (FOLDERS | KINDS)[what].format(cell=f"cells/{CELL}")
    if ".." in pattern or pattern == ".":
        return [Path(os.path.normpath(run / pattern))]
    return list(run.glob(pattern))


def _mode(before: int, allowed: int, *, is_folder: bool) -> int:
    """Return the mode that is left; of a folder that may not be read, that its files can still be reached."""
    return before & (allowed if is_folder or allowed != 0o300 else 0o200)


def _ran(grid: Grid, folder: Path) -> Ended:
    words = ("setpriv", "--bounding-set", POWERS) if os.geteuid() == 0 else ()
    out = folder.with_name(f"{folder.name}-said")  # what it prints goes where its rights are whole
    out.mkdir(exist_ok=True)
    return ended(start(grid.spec, out, "--out", str(folder / RUN), by=words))


def _told(grid: Grid, denied: Denied, run: Path, target: Path, first: Ended, failed: int) -> Told:
    printed = first.out + first.err
    silent = first.code == 0 and (run / "verdict.json").read_bytes() != grid.verdict
    code, printed_again = ran(grid, run)
    if uncaught(printed + printed_again):
        return Told(denied, "traceback", printed + printed_again)
    if first.code != 0 and (str(target.name) not in printed or first.code not in {64, 65, 74} or failed):
        return Told(denied, "unnamed", f"exit code {first.code}, {failed} cells recorded as failed\n{printed}")
    if silent:
        return Told(denied, "silent", printed)
    if code:
        return Told(denied, "lost", f"exit code {code} with its rights: {printed_again}")
    found = losses(grid, run) if denied.run in {"new", "finished"} else lost(grid, run)
    return Told(denied, "lost" if found else "named" if first.code else "right", "\n".join(found))
