"""Whole runs through the command that users give, and what their cells took."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from benchmarks._turns import Ended, ended
from harness import ledger
from harness.records import CellResult
from harness.spec.records import Execution

FROZEN = Path(__file__).parent / "grid" / "gap.json"
"""The shape that is timed unless another is asked for."""


@dataclass(frozen=True)
class Done:
    """A run that has ended: where it is, its cells' results, and what the whole command took."""

    folder: Path
    results: tuple[CellResult, ...]
    ended: Ended

    def of(self, recipe: str, seed: int | None = None) -> CellResult:
        """Return a cell's result; of several seeds the first where none is asked for."""
        return next(each for each in self.results if each.cell.recipe == recipe and seed in (None, each.cell.seed))

    def score_seconds(self, recipe: str) -> float:
        """Return what scoring its first cell took, in seconds, with what it kept for later cells."""
        kept = (each.prefix.seconds for each in self.of(recipe).evaluations if each.prefix is not None)
        return sum(each.seconds for each in self.of(recipe).evaluations) + sum(kept)


def run(spec: str | Path, out: Path, options: Sequence[str] = (), *, threads: int | None = None) -> Done:
    """Run a spec into a folder that is not there yet. A cell that failed ends the benchmark with what it said.

    The run lies alone in that folder: a run takes over what another beside it has done already.
    """
    out = out / "run"
    fixed = () if threads is None else ("--set", f"execute.threads={threads}")
    environment = {name: value for name, value in os.environ.items() if threads is None or name != "OMP_NUM_THREADS"}
    words = [sys.executable, "-m", "harness", "run", str(spec), "--out", str(out), *options, *fixed]
    done = ended(words, environment=environment)
    run_folder = ledger.read(out)
    if run_folder.failures:
        raise SystemExit(
            "\n".join(f"{each.cell.id} failed in {each.stage}: {each.message}" for each in run_folder.failures)
        )
    return Done(out, tuple(each for each in run_folder.outcomes if isinstance(each, CellResult)), done)


def changed(spec: str | Path, file: Path, changes: Mapping[str, Any]) -> Path:
    """Write a spec that extends another, and return its path."""
    file.write_text(json.dumps({"extends": str(Path(spec).resolve()), **changes}), encoding="utf-8")
    return file


def switches() -> list[str]:
    """Return the shortcuts that are on unless `execute` switches them off, as this version has them."""
    return [field.name for field in fields(Execution) if field.default is True]
