"""``harness ls``: what has run and how it ended."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import LedgerError, UsageError, said_once
from harness.ledger import RunFolder
from harness.ledger.lock import CAMPAIGN, LOCK, read_cells
from harness.records import CellFailure

_DETAIL = 48
_WORDS = {True: "yes", False: "–"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path("runs"),
        help="a run folder, or a folder of them (default: runs)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Print one line a run, or one line a cell for a single run."""
    folder: Path = args.folder
    broken: list[LedgerError] = []
    if (folder / LOCK).is_file():
        rows = _cells(RunFolder(folder))
    elif folder.is_dir():
        rows = list(_summaries(folder, broken))
    else:
        raise UsageError(f"{folder} is not a folder of runs. `harness run SPEC` makes one, below runs/ by default.")
    _print(rows, as_json=args.json, empty=f"no runs in {folder}")
    for line in said_once(map(str, broken)):
        print(f"harness: {line}", file=sys.stderr)
    return LedgerError.exit_code if broken else 0


def _summaries(folder: Path, broken: list[LedgerError]) -> Iterator[dict[str, Any]]:
    """Yield a row for each run; those that cannot be read are named beside the others, not instead of them."""
    models = (lock for each in folder.glob(f"*/{CAMPAIGN}") for lock in each.parent.glob(f"*/{LOCK}"))
    for lock in sorted([*folder.glob(f"*/{LOCK}"), *models]):
        try:
            yield _summary(RunFolder(lock.parent), lock.parent.relative_to(folder))
        except LedgerError as error:
            broken.append(error)


def _summary(run: RunFolder, name: Path) -> dict[str, Any]:
    cells = read_cells(run.folder)
    ended = Counter(run.status(cell) for cell in cells)
    return {
        "run": name.as_posix(),
        "cells": len(cells),
        "done": ended["success"],
        "failed": ended["failed"],
        "verdict": _has_verdict(run.folder / "verdict.json", whole=not ended[None]),
    }


def _has_verdict(path: Path, *, whole: bool) -> bool:
    """Tell whether a run has its verdict: all cells ended, or it stopped at a look; `report` writes one in between."""
    if not path.is_file() or whole:
        return path.is_file()
    try:
        looks = json.loads(path.read_text(encoding="utf-8")).get("looks") or {}
        return looks.get("stopped_at") is not None
    except (OSError, ValueError, AttributeError, RecursionError):
        return False


def _cells(run: RunFolder) -> list[dict[str, Any]]:
    stopped = run.stopped
    return [{"cell": cell_id, **_state(run, cell_id, stopped=stopped)} for cell_id in run.cell_ids]


def _state(run: RunFolder, cell_id: str, *, stopped: bool) -> dict[str, Any]:
    outcome = run.outcome(cell_id)
    if outcome is None:
        begun = run.cell_folder(cell_id).is_dir()
        if stopped and not begun:
            return {"status": "not run", "detail": "the run stopped at a look before it"}
        return {"status": "begun" if begun else "waiting", "detail": ""}
    if isinstance(outcome, CellFailure):
        return {"status": "failed", "detail": f"{outcome.kind}: {outcome.message}"}
    return {"status": "done", "detail": f"{outcome.costs.total_seconds:.0f} s"}


def _print(rows: list[dict[str, Any]], *, as_json: bool, empty: str) -> None:
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    from tabulate import tabulate

    cells = [
        {key: _WORDS.get(value, value) if key == "verdict" else value for key, value in row.items()} for row in rows
    ]
    widths = [_DETAIL if key == "detail" else None for key in (rows[0] if rows else ())]
    print(tabulate(cells, headers="keys", disable_numparse=True, maxcolwidths=widths) if rows else empty)
